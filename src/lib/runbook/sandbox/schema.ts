import {z} from 'zod'

/** `sapoche sandbox --list`. */
export const scenarioList = z.object({
  apiVersion: z.literal('sapoche/v1'),
  kind: z.literal('ScenarioList'),
  items: z.array(z.object({name: z.string(), description: z.string()})),
})
export type ScenarioList = z.infer<typeof scenarioList>

/** `sapoche sandbox`, once it serves. */
export const sandboxReport = z.object({
  apiVersion: z.literal('sapoche/v1'),
  kind: z.literal('Sandbox'),
  scenario: z.string(),
  url: z.string(),
  kubeconfig: z.string(),
  namespace: z.string(),
})
export type SandboxReport = z.infer<typeof sandboxReport>
