import { z } from 'zod';

/** Every refused HTTP request answers with this body; the codes are listed in docs/faults.md. */
export const Problem = z.object({
  fault: z.string(),
  why: z.string(),
  detail: z.string().optional(),
  retry: z.enum(['never', 'later']),
});
export type Problem = z.infer<typeof Problem>;
