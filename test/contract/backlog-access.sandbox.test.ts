import {afterAll, beforeAll, describe} from 'vitest'
import {BACKLOG_PEOPLE, backlogAccessSuite} from './backlog-access.ts'
import {sandboxTarget, type Target} from './target.ts'

describe('backlogs on the sandbox, and who may see them', () => {
  let target: Target
  beforeAll(async () => {
    target = await sandboxTarget(BACKLOG_PEOPLE)
  })
  afterAll(() => target.close())

  backlogAccessSuite('queue-depth', () => target)
  backlogAccessSuite('consumer-lag', () => target)
})
