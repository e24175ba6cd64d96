import {expect, test} from 'vitest'
import {settled} from '../../../src/lib/runbook/operation/settled.ts'
import {deployment, type DeploymentFacts} from './objects.ts'

/** How the deployment looks one look after another, a second apart, and the revision that is taken for its own. */
test.each<{what: string; looks: readonly DeploymentFacts[]; revision: number; seconds: number}>([
  {what: 'seen already', looks: [{generation: 2, observed: 2, revision: 1}], revision: 1, seconds: 0},
  {what: 'never seen by a controller, and then', looks: [{observed: null, revision: 1}, {revision: 2}], revision: 2, seconds: 1},
  {
    what: 'a rollout that has only begun',
    looks: [
      {generation: 3, observed: 2, revision: 1},
      {generation: 4, observed: 3, revision: 2},
      {generation: 4, revision: 3},
    ],
    revision: 3,
    seconds: 2,
  },
  {what: 'a controller that is away', looks: [{generation: 3, observed: 2, revision: 1}], revision: 1, seconds: 5},
])('$what', async ({looks, revision, seconds}) => {
  let second = 0
  const board = {
    deployment: () => deployment(looks[second] ?? looks.at(-1)),
    change: async () => void second++,
  }
  const workload = {name: 'web', category: null, listed: null, hits: []}
  const chosen = await settled({workload, deployment: deployment(looks[0])}, board, () => second * 1000, new AbortController().signal)
  expect({revision: chosen.deployment.revision, second}).toEqual({revision, second: seconds})
})
