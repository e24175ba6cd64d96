import {strip} from '../../text/strip.ts'
import {tones, type Tone} from '../../text/tone.ts'
import {labelled, wrap, type ViewOptions} from '../../text/view.ts'
import {junit, type FailOn, type JunitCase} from '../junit.ts'
import {header, toned} from '../view.ts'
import {verdictWords} from './verdict-words.ts'
import type {OrthancProbeReport, ProbeStep} from './schema.ts'

type View = (report: OrthancProbeReport, options: ViewOptions) => string

/** Columns of name, status and time. */
const [NAME, STATUS, TIME] = [16, 9, 9] as const
/** What a step is about wants so much room, and its longest word in one piece; else it stands on a line of its own. */
const ENOUGH = 24

/** The text formats of `orthanc-probe`. */
export function probeViews(failOn: FailOn): Record<'table' | 'wide' | 'name' | 'junit', View> {
  return {
    table: (report, options) => probeText(report, options, {isWide: false}),
    wide: (report, options) => probeText(report, options, {isWide: true}),
    name: ({steps}) => steps.map(({name, target}) => `${name}/${strip(target)}\n`).join(''),
    junit: ({steps}) => junit('sapoche orthanc-probe', junitCases(steps), failOn),
  }
}

export interface Form {
  /** Each step in one line. */
  readonly isWide: boolean
  /** A line that shows how long a step took, look by look. */
  readonly trendOf?: (step: ProbeStep) => string
}

/** Header, steps in their order, the commands that help, and the verdict. */
export function probeText(report: OrthancProbeReport, options: ViewOptions, {isWide, trendOf}: Form): string {
  const tone = tones(options.colour)
  const {steps, warnings, next} = report
  const width = isWide ? Infinity : options.width
  const lines = [
    header(report, tone),
    '',
    ...steps.flatMap((step, index) =>
      stepLines(step, steps[index - 1]?.target ?? '', tone, {width, bars: trendOf === undefined ? '' : `  ${trendOf(step)}`}),
    ),
    '',
    ...warnings.flatMap(({message}) => labelled('warning', strip(message), options.width, tone.warning)),
    ...next.map((command, index) => `${index === 0 ? tone.quiet('next') : '    '}  ${strip(command)}`),
    ...(warnings.length + next.length === 0 ? [] : ['']),
    ...closing(report, options, tone),
  ]
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}

interface StepForm {
  readonly width: number
  /** What stands between the time and the words. */
  readonly bars: string
}

/** The target stands where it changes. */
function stepLines(step: ProbeStep, before: string, tone: Tone, {width, bars}: StepForm): string[] {
  const {name, target, status, ms, reason} = step
  const time = (ms === null ? '' : `${ms} ms`).padStart(TIME - 2)
  const head = name.padEnd(NAME) + toneOf(status, tone) + ' '.repeat(STATUS - status.length) + time + bars
  const margin = NAME + STATUS + TIME + bars.length
  const words = [target === before ? '' : target, reason].filter((part) => part !== '').join(': ')
  if (words === '') return [head]
  const text = strip(words)
  const longest = Math.max(...text.split(' ').map((word) => word.length))
  const indent = ' '.repeat(margin + Math.max(ENOUGH, longest) > width ? NAME : margin)
  const [first = '', ...rest] = wrap(text, width, indent)
  return indent.length < margin ? [head, first, ...rest] : [`${head}  ${first.slice(margin)}`, ...rest]
}

function toneOf(status: ProbeStep['status'], tone: Tone): string {
  return status === 'skipped' ? tone.quiet(status) : toned(status, status, tone)
}

function closing(report: OrthancProbeReport, {width}: ViewOptions, tone: Tone): string[] {
  const {verdict, notChecked} = report
  const unseen = notChecked.length > 0 ? wrap(`not checked: ${notChecked.map(strip).join(', ')}`, width, '    ') : []
  return [...labelled(verdict.toUpperCase(), verdictWords(report), width, (label) => toned(label, verdict, tone)), ...unseen]
}

function junitCases(steps: readonly ProbeStep[]): JunitCase[] {
  return steps.map(({name, target, status, reason}) => ({group: name, name: target, severity: status, reason}))
}
