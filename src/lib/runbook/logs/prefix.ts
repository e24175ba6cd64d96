import {Chalk, type ChalkInstance} from 'chalk'
import type {Container} from './source.ts'

/** Colours that are told apart and mean no severity, as red and yellow do. */
const COLOURS = ['cyan', 'green', 'blue', 'magenta', 'cyanBright', 'greenBright', 'blueBright', 'magentaBright'] as const

/** Names of containers as the lines show them: the workload without what all have in common, the pod without the workload. */
export class Prefixes {
  readonly #common: string
  readonly #chalk: ChalkInstance
  #workloadWidth = 0
  #podWidth = 0
  #made = new WeakMap<Container, string>()

  /** `workloads`: the names of all that may come. */
  constructor(workloads: readonly string[], colour: boolean) {
    this.#common = commonPrefix(workloads)
    this.#chalk = new Chalk({level: colour ? 1 : 0})
  }

  /** Makes room for a container's names. */
  widenFor(container: Container): void {
    this.#workloadWidth = Math.max(this.#workloadWidth, this.#workload(container).length)
    this.#podWidth = Math.max(this.#podWidth, podLabel(container).length)
    this.#made = new WeakMap()
  }

  get width(): number {
    return this.#workloadWidth + 2 + this.#podWidth
  }

  /** In columns; the colour is always the same for the same workload. */
  of(container: Container): string {
    const known = this.#made.get(container)
    if (known !== undefined) return known
    const workload = this.#workload(container).padEnd(this.#workloadWidth)
    const colour = COLOURS[hash(container.workload ?? container.pod) % COLOURS.length]!
    const made = this.#chalk[colour](`${workload}  ${podLabel(container).padEnd(this.#podWidth)}`)
    this.#made.set(container, made)
    return made
  }

  #workload({workload, pod}: Container): string {
    if (workload === null) return pod
    return workload.startsWith(this.#common) ? workload.slice(this.#common.length) : workload
  }
}

/** `consumer-ecg/7hx2w` with the container's name where the pod has several: how notices name a log. */
export function nameOf(container: Container): string {
  return container.workload === null ? `${container.pod}/${container.name}` : `${container.workload}/${podLabel(container)}`
}

/** The last part of the pod's name, which tells the pods of a workload apart. */
function podLabel({workload, pod, name, isOnly}: Container): string {
  const short = workload === null ? '' : pod.slice(pod.lastIndexOf('-') + 1)
  return isOnly ? short : `${short}/${name}`.replace(/^\//, '')
}

/** The parts up to a dash that all names begin with, where there are several names and each has more. */
function commonPrefix(names: readonly string[]): string {
  const [first, ...others] = names
  if (first === undefined || others.length === 0) return ''
  let common = ''
  for (let dash = first.indexOf('-'); dash !== -1; dash = first.indexOf('-', dash + 1)) {
    const prefix = first.slice(0, dash + 1)
    if (!others.every((name) => name.startsWith(prefix))) break
    common = prefix
  }
  return common
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  return value >>> 0
}
