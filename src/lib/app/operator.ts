import os from 'node:os'
import type {Environment} from '../cli/environment.ts'
import {confirm, terminalPrompter} from '../cli/confirm.ts'
import {liveBlock} from '../cli/live.ts'
import {startProgress} from '../cli/progress.ts'
import type {Terminal} from '../cli/terminal.ts'
import {clusterArguments} from '../cli/same-cluster.ts'
import {requireWritable} from '../cli/write-flags.ts'
import {journalFile} from '../runbook/journal/index.ts'
import {progressView, type Operator} from '../runbook/operation/index.ts'
import {openSession, type ClusterOptions, type Session, type Surroundings} from './index.ts'
import {withRedis} from './redis.ts'

/** What the flags of a command that changes something say (cli/write-flags.ts). */
export interface OperatorOptions extends ClusterOptions {
  readonly yes: boolean
  readonly confirm?: readonly string[] | undefined
  readonly 'read-only': boolean
}

/**
 * Runs `work` with everything that an operation needs, and closes it all. On a terminal stderr shows what is waited for.
 * Rejects with a RefusedError (77) under `--read-only`, and as `openSession`.
 */
export async function withOperator<T>(
  command: string,
  options: OperatorOptions,
  surroundings: Surroundings & {readonly terminal: Terminal},
  work: (operator: Operator) => Promise<T>,
): Promise<T> {
  const {environment, terminal, signal} = surroundings
  requireWritable(options, environment, command)
  const session = withRedis(await openSession(options, command, surroundings), options, surroundings)
  const {cluster} = session
  const opening = startProgress(terminal.stderr, `reading namespace ${cluster.namespace} on ${cluster.context ?? cluster.server}`)
  const live = liveBlock(terminal.stderr)
  const consent = {yes: options.yes, confirm: options.confirm ?? []}
  try {
    return await work({
      ...operatorOf(session, options, environment),
      confirm: async (question) => {
        opening.stop()
        await confirm(question, consent, terminal, terminalPrompter(signal))
      },
      show: (rows) => {
        opening.stop()
        live.draw(progressView(rows, {width: terminal.stderr.width}))
      },
    })
  } finally {
    opening.stop()
    live.clear()
    await session.close()
  }
}

function operatorOf(
  {cluster, catalogue, now, redis}: Session & Pick<Operator, 'redis'>,
  options: OperatorOptions,
  environment: Environment,
): Omit<Operator, 'confirm' | 'show'> {
  const {variables, home} = environment
  const user = variables['USER'] || variables['LOGNAME'] || accountName()
  const isSandbox = options.sandbox !== undefined
  return {
    cluster,
    catalogue,
    redis,
    now,
    clock: environment.now,
    who: options.as === undefined ? user : `${user} as ${options.as}`,
    // What is changed on the embedded cluster is gone with it.
    journal: isSandbox ? null : journalFile(variables, home),
    isContextNamed: isSandbox || options.context !== undefined,
    clusterFlags: clusterArguments(options),
  }
}

/** The name of the account; a container may have none. */
function accountName(): string {
  try {
    return os.userInfo().username
  } catch {
    return 'unknown'
  }
}
