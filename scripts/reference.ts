/** The parts of oclif's manifest that the command reference and the frozen surface are made of. */
export interface Manifest {
  readonly version: string
  readonly commands: Record<string, ManifestCommand>
}

interface ManifestCommand {
  readonly id: string
  readonly summary?: string
  readonly description?: string
  readonly examples?: readonly (string | {description: string; command: string})[]
  readonly hidden?: boolean
  readonly strict?: boolean
  readonly aliases: readonly string[]
  readonly args: Record<string, {name: string; description?: string; required?: boolean}>
  readonly flags: Record<string, ManifestFlag>
}

interface ManifestFlag {
  readonly name: string
  readonly char?: string
  readonly summary?: string
  readonly description?: string
  readonly helpGroup?: string
  readonly helpValue?: string
  readonly options?: readonly string[]
  readonly type: 'option' | 'boolean'
  readonly multiple?: boolean
  readonly allowNo?: boolean
  readonly hidden?: boolean
}

const visible = (manifest: Manifest): ManifestCommand[] => Object.values(manifest.commands).filter((command) => !command.hidden)
const words = (id: string): string => id.replaceAll(':', ' ')

/** Markdown: a list of commands, then each with its flags and examples. */
export function commandReference(manifest: Manifest): string {
  const commands = visible(manifest)
  const index = commands.map(
    (command) => `- [\`sapoche ${words(command.id)}\`](#sapoche-${command.id.replaceAll(':', '-')}): ${command.summary}`,
  )
  return [...index, '', ...commands.flatMap(section)].join('\n')
}

function section(command: ManifestCommand): string[] {
  const groups = new Map<string, string[]>()
  for (const flag of Object.values(command.flags)) {
    if (flag.hidden) continue
    const group = flag.helpGroup ?? 'FLAGS'
    groups.set(group, [...(groups.get(group) ?? []), flagLine(flag)])
  }
  const flags = [...groups].flatMap(([group, lines]) => [group, ...lines, ''])
  return [
    `### sapoche ${words(command.id)}`,
    '',
    `${command.summary}.${command.description ? `\n\n${command.description}` : ''}`,
    '',
    '```',
    usage(command),
    '',
    ...flags,
    'EXAMPLES',
    ...(command.examples ?? []).map((example) => `  ${text(example)}`),
    '```',
    '',
  ]
}

function usage(command: ManifestCommand): string {
  const args = Object.values(command.args).map((arg) => (arg.required ? arg.name.toUpperCase() : `[${arg.name.toUpperCase()}]`))
  return ['sapoche', words(command.id), ...args, command.strict === false ? '...' : '', '[flags]'].filter(Boolean).join(' ')
}

function flagLine(flag: ManifestFlag): string {
  const value =
    flag.type === 'option'
      ? flag.helpValue?.startsWith('[')
        ? flag.helpValue
        : ` ${flag.helpValue ?? (flag.options ? `<${flag.options.join('|')}>` : '<value>')}`
      : ''
  const name = `${flag.char ? `-${flag.char}, ` : '    '}--${flag.allowNo ? '[no-]' : ''}${flag.name}${value}`
  return `  ${name.padEnd(36)} ${flag.summary ?? flag.description ?? ''}`.trimEnd()
}

function text(example: string | {description: string; command: string}): string {
  const line = typeof example === 'string' ? example : example.command
  return line.replaceAll('<%= config.bin %>', 'sapoche')
}

/** What users and scripts rely on: names of commands, arguments and flags. Only additions are allowed without a new major. */
export function surfaceOf(manifest: Manifest): object {
  return Object.fromEntries(
    Object.values(manifest.commands).map((command) => [
      words(command.id),
      {
        arguments: Object.keys(command.args),
        aliases: command.aliases,
        flags: Object.fromEntries(
          Object.values(command.flags)
            .sort((a, b) => (a.name < b.name ? -1 : 1))
            .map((flag) => [
              `--${flag.name}${flag.char ? ` -${flag.char}` : ''}`,
              flag.options?.join('|') ?? (flag.type === 'boolean' ? 'switch' : 'value'),
            ]),
        ),
      },
    ]),
  )
}
