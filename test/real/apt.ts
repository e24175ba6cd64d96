import {type Progress, run} from './processes.ts'

/** Installs Debian packages, as root or by a sudo that asks nothing. Throws with the last line of apt-get where that fails. */
export async function installPackages(names: readonly string[], progress: Progress): Promise<void> {
  const prefix = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  progress(`installing ${names.join(' ')}`)
  for (const args of [['update'], ['install', '--yes', '--no-install-recommends', ...names]]) {
    const [command = '', ...rest] = [...prefix, 'apt-get', ...args]
    const env = {...process.env, DEBIAN_FRONTEND: 'noninteractive'}
    const {code, stderr} = await run(command, rest, {env})
    if (code !== 0) throw new Error(`apt-get ${args.join(' ')} failed: ${stderr.trim().split('\n').at(-1)}`)
  }
}
