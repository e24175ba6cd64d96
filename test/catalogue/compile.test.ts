import {describe, expect, test} from 'vitest'
import {compileCatalogue} from '../../src/lib/catalogue/compile.ts'
import {builtinCatalogue} from '../../src/lib/catalogue/index.ts'
import {ConfigurationError} from '../../src/lib/errors/index.ts'

const HEAD = `namespace: sapoche
workloads:
`
const WORKLOAD = `  - {name: consumer-a, category: consumers, baseline: 1}
`

/** Every problem of a bad catalogue, as `line: message`. */
function problems(text: string): string[] {
  try {
    compileCatalogue(text, 'x.yaml', builtinCatalogue)
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    expect(error.exitCode).toBe(78)
    const all = [error.message.replace(/ \(and \d+ more problems?\)$/, ''), ...error.hints.map((hint) => hint.text)]
    expect(all.every((line) => line.startsWith('x.yaml:'))).toBe(true)
    return all.map((line) => line.slice('x.yaml:'.length))
  }
  throw new Error('the catalogue was accepted')
}

describe('a bad catalogue', () => {
  test.each<[what: string, text: string, expected: (string | RegExp)[]]>([
    ['an empty file', '', [/^1: expected a mapping with namespace, .*, found nothing$/]],
    ['a list', '- a\n', [/^1: expected a mapping with .*, found a list$/]],
    ['broken syntax', `${HEAD}  - {name: a, category: [\n`, [/^4: Flow sequence .*end with a \]$/, /^4: Flow map .*end with a \}$/]],
    ['a tab as indentation', `namespace: sapoche\nworkloads:\n\t- {name: a}\n`, ['3: Tabs are not allowed as indentation']],
    ['a key given twice', `namespace: a\nnamespace: b\nworkloads: []\n`, ['2: Map keys must be unique']],
    ['two documents', `${HEAD}${WORKLOAD}---\na: 1\n`, [/^4: .*multiple documents/]],
    ['a tag that means something else', `namespace: !secret sapoche\nworkloads: []\n`, ['1: Unresolved tag: !secret']],
    ['an alias of nothing', `namespace: *there\nworkloads: []\n`, [/^1: Unresolved alias.*there$/]],
    [
      'aliases that multiply',
      `a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: [*c, *c]\n`,
      ['1: Excessive alias count indicates a resource exhaustion attack'],
    ],
    [
      'a list that holds itself',
      'namespace: sapoche\nworkloads: &a [*a]\n',
      [/^2: workloads\[0\]: expected a mapping with .*, found a list$/],
    ],
    ['no namespace', 'workloads: []\n', ['1: namespace: missing, expected the name of a namespace']],
    ['no workloads', 'namespace: sapoche\n', ['1: workloads: missing, expected a list of workloads']],
    ['a namespace of another kind', 'namespace: [a]\nworkloads: []\n', ['1: namespace: expected the name of a namespace, found a list']],
    [
      'a namespace that can not be',
      'namespace: No_Such\nworkloads: []\n',
      ['1: namespace: expected the name of a namespace, found "No_Such"'],
    ],
    [
      'a key that is not known, near to one that is',
      `${HEAD}  - name: consumer-a\n    category: consumers\n    baseline: 1\n    purpos: x\n`,
      ['6: workloads[0].purpos: unknown key, did you mean "purpose"?'],
    ],
    [
      'keys that are not known, near to none, each on its line',
      `namespace: sapoche\nquux:\n  deep: 1\nworkloads: []\nxyzzy: 2\n`,
      [/^2: quux: unknown key, expected one of namespace, clusters, /, /^5: xyzzy: unknown key, expected one of namespace, /],
    ],
    [
      'a baseline of the wrong type',
      `${HEAD}${WORKLOAD}  - name: consumer-b\n    category: consumers\n    baseline: one\n`,
      ['6: workloads[1].baseline: expected a whole number, 0 or more, found "one"'],
    ],
    [
      'a negative baseline',
      `${HEAD}  - {name: a, category: consumers, baseline: -1}\n`,
      ['3: workloads[0].baseline: expected a whole number, 0 or more, found -1'],
    ],
    [
      'half a replica',
      `${HEAD}  - {name: a, category: consumers, baseline: 1.5}\n`,
      ['3: workloads[0].baseline: expected a whole number, 0 or more, found 1.5'],
    ],
    [
      'a baseline left empty',
      `${HEAD}  - name: a\n    category: consumers\n    baseline:\n`,
      ['5: workloads[0].baseline: expected a whole number, 0 or more, found nothing'],
    ],
    [
      'a workload without a baseline',
      `${HEAD}${WORKLOAD}  - name: b\n    category: consumers\n`,
      ['4: workloads[1].baseline: missing, expected a whole number, 0 or more'],
    ],
    [
      'a workload that is a word',
      `${HEAD}${WORKLOAD}  - consumer-b\n`,
      [/^4: workloads\[1\]: expected a mapping with name, .*, found "consumer-b"$/],
    ],
    [
      'a name that can not be',
      `${HEAD}  - {name: Consumer A, category: consumers, baseline: 1}\n`,
      [/^3: workloads\[0\]\.name: expected a Kubernetes name .*, found "Consumer A"$/],
    ],
    [
      'another kind',
      `${HEAD}  - {name: a, kind: StatefulSet, category: consumers, baseline: 1}\n`,
      ['3: workloads[0].kind: expected Deployment, found "StatefulSet"'],
    ],
    [
      'a date that is none',
      `${HEAD}  - {name: a, category: consumers, baseline: 0, inactive: {reason: x, reviewBy: 2027-02-30}}\n`,
      ['3: workloads[0].inactive.reviewBy: expected a date such as 2027-01-31, found "2027-02-30"'],
    ],
    [
      'yes in place of true',
      `${HEAD}  - {name: a, category: consumers, baseline: 1, critical: yes}\n`,
      ['3: workloads[0].critical: expected true or false, found "yes"'],
    ],
    [
      'a limit without its reason',
      `${HEAD}  - name: a\n    category: consumers\n    baseline: 1\n    maxReplicas: {count: 1}\n`,
      ['6: workloads[0].maxReplicas.reason: missing, expected the reason'],
    ],
    [
      'a category that is not known',
      `${HEAD}  - name: a\n    category: consumer\n    baseline: 1\n`,
      ['4: workloads[0].category: no category "consumer", did you mean "consumers"?'],
    ],
    [
      'a category near to none',
      `${HEAD}  - {name: a, category: zzzzzz, baseline: 1}\n`,
      ['3: workloads[0].category: no category "zzzzzz", expected the name of a category of this catalogue'],
    ],
    [
      'a workload given twice',
      `${HEAD}${WORKLOAD}${WORKLOAD}`,
      ['4: workloads[1].name: "consumer-a" is already the name of the workload "consumer-a"'],
    ],
    [
      'an alias that is a workload',
      `${HEAD}${WORKLOAD}  - name: b\n    category: workers\n    baseline: 1\n    aliases: [consumer-a]\n`,
      ['7: workloads[1].aliases[0]: "consumer-a" is already the name of the workload "consumer-a"'],
    ],
    [
      'an alias before the workload that it clashes with',
      `${HEAD}  - {name: b, category: workers, baseline: 1, aliases: [c]}\n  - {name: c, category: workers, baseline: 1}\n`,
      ['3: workloads[0].aliases[0]: "c" is already the name of the workload "c"'],
    ],
    [
      'one alias for two',
      `${HEAD}  - {name: b, category: workers, baseline: 1, aliases: [x]}\n  - {name: c, category: workers, baseline: 1, aliases: [x]}\n`,
      ['4: workloads[1].aliases[0]: "x" is already the name of an alias of "b"'],
    ],
    [
      'a workload named as a category',
      `${HEAD}  - {name: worker, category: workers, baseline: 1}\n`,
      ['3: workloads[0].name: "worker" is already the name of the category "workers"'],
    ],
    [
      'a workload named all',
      `${HEAD}  - {name: all, category: workers, baseline: 1}\n`,
      ['3: workloads[0].name: "all" is already the name of the target "all"'],
    ],
    [
      'a category named twice',
      `${HEAD}  []\ncategories:\n  - {name: a, singular: a, title: A}\n  - {name: b, singular: a, title: B}\n`,
      ['6: categories[1].singular: "a" is already the name of the category "a"'],
    ],
    [
      'more at baseline than is safe',
      `${HEAD}  - {name: a, category: workers, baseline: 2, maxReplicas: {count: 1, reason: x}}\n`,
      ['3: workloads[0].baseline: expected no more than maxReplicas allows (1), found 2'],
    ],
    [
      'inactive, but it runs',
      `${HEAD}  - name: a\n    category: workers\n    baseline: 1\n    inactive: {reason: x}\n`,
      ['6: workloads[0].inactive: expected only where the baseline is 0, here it is 1'],
    ],
    [
      'a service of an unknown workload',
      `${HEAD}${WORKLOAD}services:\n  - name: s\n    type: ClusterIP\n    workload: consumer-b\n`,
      ['7: services[0].workload: no workload "consumer-b", did you mean "consumer-a"?'],
    ],
    [
      'a service of an unknown type',
      `${HEAD}${WORKLOAD}services:\n  - {name: s, type: Headless, workload: consumer-a}\n`,
      ['5: services[0].type: expected one of ClusterIP, NodePort, LoadBalancer, ExternalName, found "Headless"'],
    ],
    [
      'a service given twice',
      `${HEAD}${WORKLOAD}services:\n  - {name: s, type: ClusterIP, workload: consumer-a}\n  - {name: s, type: ClusterIP, workload: consumer-a}\n`,
      ['6: services[1].name: "s" is there twice'],
    ],
    [
      'a port out of range',
      `${HEAD}${WORKLOAD}services:\n  - name: s\n    type: ClusterIP\n    workload: consumer-a\n    ports:\n      - {port: 80}\n      - {port: 70000}\n`,
      ['10: services[0].ports[1].port: expected a whole number from 1 to 65535, found 70000'],
    ],
    [
      'a port given twice',
      `${HEAD}${WORKLOAD}services:\n  - {name: s, type: ClusterIP, workload: consumer-a, ports: [{port: 80}, {port: 80}]}\n`,
      ['5: services[0].ports[1].port: port 80 is there twice'],
    ],
    [
      'a node port on a cluster IP',
      `${HEAD}${WORKLOAD}services:\n  - {name: s, type: ClusterIP, workload: consumer-a, ports: [{port: 80, nodePort: 30001}]}\n`,
      ['5: services[0].ports[0].nodePort: expected only on a service of type NodePort or LoadBalancer, this one is "ClusterIP"'],
    ],
    [
      'an IP address that is none',
      `${HEAD}${WORKLOAD}services:\n  - {name: s, type: ClusterIP, workload: consumer-a, clusterIP: 10.0.0.300}\n`,
      ['5: services[0].clusterIP: expected an IP address, or None, found "10.0.0.300"'],
    ],
    [
      'a hop to nowhere',
      `${HEAD}${WORKLOAD}flows:\n  - name: f\n    title: F\n    hops:\n      - {kind: workload, name: consumer-b}\n      - {kind: external, name: x, dependencies: [y]}\n`,
      [
        '8: flows[0].hops[0].name: no workload "consumer-b", did you mean "consumer-a"?',
        '9: flows[0].hops[1].dependencies[0]: no dependency "y", expected the name of a dependency of this catalogue',
      ],
    ],
    [
      'a dependency on a service that is not there',
      `${HEAD}${WORKLOAD}dependencies:\n  - {name: redis, kind: cache, where: here, service: st-redis}\n`,
      ['5: dependencies[0].service: no service "st-redis", expected the name of a service of this catalogue'],
    ],
    [
      'environment names that can not be',
      `${HEAD}${WORKLOAD}discovery: {queues: [A B], groups: [], topics: []}\n`,
      ['4: discovery.queues[0]: expected the name of an environment variable, * and ? allowed, found "A B"'],
    ],
    [
      'a long value, shortened',
      `${HEAD}  - {name: "${'x y'.repeat(100)}", category: workers, baseline: 1}\n`,
      [/^3: workloads\[0\]\.name: expected a Kubernetes name .*, found "(x y){13}x…"$/],
    ],
    [
      'a fault behind an alias, on the line that it is written on',
      `${HEAD}  - &a {name: a, category: workers, baseline: x}\n  - *a\n`,
      [/^3: workloads\[0\]\.baseline: /, /^3: workloads\[1\]\.baseline: /, /^3: workloads\[1\]\.name: "a" is already/],
    ],
    [
      'mixed faults, in the order of the lines',
      `namespace: sapoche\nservices:\n  - {name: s, type: Nope, workload: nobody}\nworkloads:\n  - {name: a, category: workers, baseline: 1, extra: 1}\n  - {name: a, category: nope, baseline: 1}\n`,
      [
        /^3: services\[0\]\.type: /,
        /^3: services\[0\]\.workload: no workload "nobody"/,
        /^5: workloads\[0\]\.extra: unknown key/,
        /^6: workloads\[1\]\.name: "a" is already/,
        /^6: workloads\[1\]\.category: no category "nope"/,
      ],
    ],
  ])('%s', (_what, text, expected) => {
    expect(problems(text)).toEqual(expected.map((line) => (typeof line === 'string' ? line : expect.stringMatching(line))))
  })

  test('says how many problems there are, and all of them in the cause', () => {
    const text = `${HEAD}  - {name: a, category: consumers, baseline: x}\n  - {name: b, category: consumers, baseline: y}\n`
    expect(() => compileCatalogue(text, 'x.yaml', builtinCatalogue)).toThrow(
      expect.objectContaining({
        message: 'x.yaml:3: workloads[0].baseline: expected a whole number, 0 or more, found "x" (and 1 more problem)',
        cause: expect.objectContaining({message: expect.stringMatching(/^x\.yaml:3: .*; x\.yaml:4: workloads\[1\]\.baseline: /)}),
      }),
    )
  })
})

describe('a good catalogue', () => {
  test('fills in what a workload leaves out', () => {
    expect(compileCatalogue(HEAD + WORKLOAD, 'x.yaml', builtinCatalogue).workloads).toEqual([
      {
        name: 'consumer-a',
        kind: 'Deployment',
        category: 'consumers',
        baseline: 1,
        purpose: '',
        aliases: [],
        critical: false,
        protected: null,
        maxReplicas: null,
        inactive: null,
        startupGrace: null,
        queues: [],
        groups: [],
      },
    ])
  })

  test('takes the sections that it leaves out from the built-in one, and no services, flows or dependencies', () => {
    const {source, startupGrace, categories, discovery, thresholds, services, flows, dependencies} = compileCatalogue(
      `${HEAD}${WORKLOAD}startupGrace: 30\n`,
      'x.yaml',
      builtinCatalogue,
    )
    expect({source, startupGrace}).toEqual({source: 'x.yaml', startupGrace: 30})
    expect({categories, discovery, thresholds}).toEqual({
      categories: builtinCatalogue.categories,
      discovery: builtinCatalogue.discovery,
      thresholds: builtinCatalogue.thresholds,
    })
    expect([services, flows, dependencies]).toEqual([[], [], []])
  })

  test('without a built-in one, every section has to be there', () => {
    expect(() => compileCatalogue(HEAD + WORKLOAD, 'x.yaml')).toThrow(/^x\.yaml:1: startupGrace: missing, .* \(and 4 more problems\)$/)
  })

  test('reads queues, groups and what is inactive', () => {
    const text = `${HEAD}
  - name: a
    category: workers
    baseline: 0
    inactive: {reason: on hold, reviewBy: 2027-01-31, backlogAccepted: true}
    queues: [{name: pdf, maxAge: 60}]
    groups: [{name: g, topics: [t], allowedLag: 5}]
`
    expect(compileCatalogue(text, 'x.yaml', builtinCatalogue).workloads[0]).toMatchObject({
      inactive: {reason: 'on hold', reviewBy: '2027-01-31', backlogAccepted: true},
      queues: [{name: 'pdf', maxDepth: null, maxAge: 60}],
      groups: [{name: 'g', topics: ['t'], allowedLag: 5, maxAge: null}],
    })
  })
})
