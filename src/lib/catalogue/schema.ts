import {z} from 'zod'

/*
 * The catalogue file. Every message says what was expected at its place;
 * for keys that are not known it lists the known ones (`problems.ts` makes the sentence of either).
 */

/** A mapping with these keys and no others. */
function mapping<S extends z.core.$ZodLooseShape>(shape: S) {
  const keys = Object.keys(shape).join(', ')
  return z.strictObject(shape, {error: (issue) => (issue.code === 'unrecognized_keys' ? keys : `a mapping with ${keys}`)})
}

const list = <T extends z.ZodType>(item: T, of: string) => z.array(item, {error: `a list of ${of}`})
const text = (expected: string) => z.string({error: expected}).regex(/\S/, {error: expected})
const matching = (pattern: RegExp, expected: string) => z.string({error: expected}).regex(pattern, {error: expected})
const choice = <const V extends readonly [string, ...string[]]>(values: V) => z.enum(values, {error: `one of ${values.join(', ')}`})
const whole = (least: number, most = Number.MAX_SAFE_INTEGER) => {
  const error = most === Number.MAX_SAFE_INTEGER ? `a whole number, ${least} or more` : `a whole number from ${least} to ${most}`
  return z.int({error}).min(least, {error}).max(most, {error})
}
// `never`, because TypeScript can't see that null is a value of `nullable()` of a type that isn't known yet.
const optional = <T extends z.ZodType>(schema: T) => schema.nullable().default(null as never)
const flag = () => z.boolean({error: 'true or false'}).default(false)
const sentence = (of: string) => text(of).default('')
const word = () => matching(/^[a-z][a-z0-9-]*$/, 'a word of lower-case letters, digits and hyphens')
const objectName = () =>
  matching(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, 'a Kubernetes name (lower-case letters, digits, hyphens and dots)')
const environmentGlob = () => matching(/^!?[A-Za-z_*?][A-Za-z0-9_*?.-]*$/, 'the name of an environment variable, * and ? allowed')
const environmentGlobs = () => list(environmentGlob(), 'names of environment variables')
const seconds = () => whole(0)

const category = mapping({
  name: word(),
  singular: word(),
  title: text('a title'),
  match: list(matching(/^[a-z0-9*?.-]+$/, 'a glob on names of workloads'), 'globs').default([]),
})

const queue = mapping({
  name: text('the name of a queue'),
  maxDepth: optional(whole(0)),
  maxAge: optional(seconds()),
  deadLetter: optional(text('the key of the failed jobs')),
})

const group = mapping({
  name: text('the name of a consumer group'),
  topics: list(text('the name of a topic'), 'topics').default([]),
  allowedLag: optional(whole(0)),
  maxAge: optional(seconds()),
  deadLetter: optional(text('the topic of the failed events')),
})

const workload = mapping({
  name: objectName(),
  // What is not a Deployment has no verdict: status would call it missing, and no command would change it.
  kind: z.literal('Deployment', {error: 'Deployment'}).default('Deployment'),
  category: word(),
  baseline: whole(0),
  purpose: sentence('what it is for'),
  aliases: list(objectName(), 'names').default([]),
  critical: flag(),
  protected: optional(text('the reason why it is protected')),
  maxReplicas: optional(mapping({count: whole(1), reason: text('the reason')})),
  inactive: optional(
    mapping({
      reason: text('the reason'),
      reviewBy: optional(z.iso.date({error: 'a date such as 2027-01-31'})),
      backlogAccepted: flag(),
    }),
  ),
  startupGrace: optional(seconds()),
  queues: list(queue, 'queues').default([]),
  groups: list(group, 'consumer groups').default([]),
})

const service = mapping({
  name: objectName(),
  type: choice(['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName']),
  clusterIP: optional(z.union([z.ipv4(), z.ipv6(), z.literal('None')], {error: 'an IP address, or None'})),
  ports: list(mapping({port: whole(1, 65_535), nodePort: optional(whole(1, 65_535))}), 'ports').default([]),
  workload: objectName(),
  purpose: sentence('what it is for'),
  anonymous: flag(),
})

const flow = mapping({
  name: word(),
  title: text('a title'),
  hops: list(
    mapping({
      kind: choice(['external', 'service', 'workload', 'category']),
      name: text('a name'),
      note: optional(text('a note')),
      dependencies: list(word(), 'names of dependencies').default([]),
    }),
    'hops',
  ),
})

const dependency = mapping({
  name: word(),
  kind: choice(['gateway', 'queue', 'database', 'storage', 'cache']),
  where: text('where it lies'),
  purpose: sentence('what it is for'),
  service: optional(objectName()),
  environment: environmentGlobs().default([]),
})

// A password would be seen by everybody who reads the file.
const server = mapping({
  url: optional(matching(/^[^@\s]+$/, 'a URL without user and password')),
  address: optional(matching(/^[^@\s]+:\d+$/, 'SERVICE:PORT')),
  tls: flag(),
})
const somewhere = {url: null, address: null, tls: false}

/** The file as a whole. Sections that may be left out have their default here, or come from the built-in catalogue (`compile.ts`). */
export const catalogueSchema = mapping({
  namespace: matching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'the name of a namespace'),
  clusters: list(text('the name of a context, or the URL of a server'), 'contexts and servers').default([]),
  startupGrace: seconds(),
  categories: list(category, 'categories'),
  workloads: list(workload, 'workloads'),
  services: list(service, 'services').default([]),
  flows: list(flow, 'flows').default([]),
  dependencies: list(dependency, 'dependencies').default([]),
  servers: mapping({
    redis: server.default(somewhere),
    kafka: server.default(somewhere),
    orthanc: server.default(somewhere),
    viewer: server.default(somewhere),
    designSystem: server.default(somewhere),
  }).default({redis: somewhere, kafka: somewhere, orthanc: somewhere, viewer: somewhere, designSystem: somewhere}),
  discovery: mapping({queues: environmentGlobs(), groups: environmentGlobs(), topics: environmentGlobs()}),
  thresholds: mapping({queueDepth: whole(0), queueAge: seconds(), allowedLag: whole(0), lagAge: seconds()}),
})
