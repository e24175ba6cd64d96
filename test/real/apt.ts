import {existsSync} from 'node:fs'
import {type Progress, run} from './processes.ts'

/** Two that install at once would fail at apt's own lock. */
const LOCK = '/var/lock/sapoche-test-apt'
/** dpkg asks `policy-rc.d` before it starts a service; 101 is "forbidden" (invoke-rc.d(8)). One that stands there already has its reasons. */
const SCRIPT = `
set -e
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap 'rm -f $policy' EXIT
  printf '#!/bin/sh\\nexit 101\\n' > $policy
  chmod +x $policy
fi
apt-get update
apt-get install --yes --no-install-recommends "$@"
`

/**
 * Installs Debian packages, as root or by a sudo that asks nothing; services that come with them are not started.
 * Throws with the last line of apt-get where that fails.
 */
export async function installPackages(names: readonly string[], progress: Progress): Promise<void> {
  const prefix = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  progress(`installing ${names.join(' ')}`)
  const [command = '', ...args] = [...prefix, 'flock', LOCK, 'sh', '-c', SCRIPT, 'sh', ...names]
  const {code, stderr} = await run(command, args)
  if (code !== 0) throw new Error(`apt-get failed: ${stderr.trim().split('\n').at(-1)}`)
}

/** Installs those of the packages of which a file is missing: each by a file that it brings. */
export async function ensurePackages(packages: Readonly<Record<string, string>>, progress: Progress): Promise<void> {
  const missing = Object.keys(packages).filter((name) => !existsSync(packages[name] ?? ''))
  if (missing.length > 0) await installPackages(missing, progress)
}
