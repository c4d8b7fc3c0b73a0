import { createLazyRoute } from '@tanstack/react-router';

export const Route = createLazyRoute('/workspace/patients/$id')({ component: () => <main>soon</main> });
