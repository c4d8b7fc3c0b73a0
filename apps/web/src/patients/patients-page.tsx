import { createLazyRoute } from '@tanstack/react-router';

export const Route = createLazyRoute('/workspace/patients')({ component: () => <main>soon</main> });
