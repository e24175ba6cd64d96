import {z} from 'zod'

/** The document that stands on stdout in place of a report under `-o json`. Loaded only by `scripts/generate.ts` and the tests. */
export const errorDocument = z.object({
  apiVersion: z.literal('sapoche/v1'),
  kind: z.literal('Error'),
  error: z.object({
    code: z.string(),
    message: z.string(),
    exitCode: z.number().int().positive(),
    cause: z.string().optional(),
    suggestions: z.array(z.string()),
  }),
})
export type ErrorDocument = z.infer<typeof errorDocument>
