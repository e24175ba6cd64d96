import {existsSync} from 'node:fs'
import {type Progress, run} from './processes.ts'

/** Asked by dpkg before it starts a service; 101 is "forbidden" (invoke-rc.d(8)). */
const POLICY = '/usr/sbin/policy-rc.d'

/**
 * Installs Debian packages, as root or by a sudo that asks nothing; services that come with them are not started.
 * Throws with the last line of apt-get where that fails.
 */
export async function installPackages(names: readonly string[], progress: Progress): Promise<void> {
  const prefix = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const asRoot = async (...args: readonly string[]): Promise<void> => {
    const [command = '', ...rest] = [...prefix, ...args]
    const {code, stderr} = await run(command, rest, {env: {...process.env, DEBIAN_FRONTEND: 'noninteractive'}})
    if (code !== 0) throw new Error(`${args.slice(0, 2).join(' ')} failed: ${stderr.trim().split('\n').at(-1)}`)
  }
  progress(`installing ${names.join(' ')}`)
  // One that stands there already has its reasons.
  const forbid = `[ -e ${POLICY} ] || { printf '#!/bin/sh\\nexit 101\\n' > ${POLICY} && chmod +x ${POLICY} && touch ${POLICY}.ours; }`
  const allow = `[ ! -e ${POLICY}.ours ] || rm -f ${POLICY} ${POLICY}.ours`
  await asRoot('sh', '-c', forbid)
  try {
    await asRoot('apt-get', 'update')
    await asRoot('apt-get', 'install', '--yes', '--no-install-recommends', ...names)
  } finally {
    await asRoot('sh', '-c', allow)
  }
}

/** Installs those of the packages of which a file is missing: each by a file that it brings. */
export async function ensurePackages(packages: Readonly<Record<string, string>>, progress: Progress): Promise<void> {
  const missing = Object.keys(packages).filter((name) => !existsSync(packages[name] ?? ''))
  if (missing.length > 0) await installPackages(missing, progress)
}
