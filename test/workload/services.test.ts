import {expect, test} from 'vitest'
import {
  decodeEndpointSlice,
  decodeService,
  judgeService,
  type Health,
  type ServiceFacts,
  type Severity,
} from '../../src/lib/workload/index.ts'

type Json = Record<string, unknown>

const web = {name: 'http', port: 80, targetPort: 'web', nodePort: 30_635}
const fpm = {name: 'fpm', port: 9000, targetPort: 9000}

function service(spec: Json = {}): ReturnType<typeof decodeService> {
  return decodeService({
    metadata: {name: 'api', uid: 'u'},
    spec: {type: 'NodePort', clusterIP: '10.27.0.1', selector: {app: 'api'}, ports: [web], ...spec},
  })
}

/** A slice with pods (`x` is not ready, `x?` has not said) behind these ports. */
function slice(pods: readonly string[], ports: readonly string[] = ['http'], name = 'api'): ReturnType<typeof decodeEndpointSlice> {
  return decodeEndpointSlice({
    metadata: {name: 'slice', labels: {'kubernetes.io/service-name': name}},
    endpoints: pods.map((pod) => ({
      addresses: ['10.0.0.1'],
      targetRef: {kind: 'Pod', uid: pod.replace('?', '')},
      conditions: pod.endsWith('?') ? {} : {ready: !pod.startsWith('x')},
    })),
    ports: ports.map((port) => ({name: port, port: 1})),
  })
}

function facts(more: Partial<ServiceFacts> = {}): ServiceFacts {
  return {
    expectation: {type: 'NodePort', clusterIP: '10.27.0.1', ports: [{port: 80, nodePort: 30_635}]},
    strict: false,
    service: service(),
    slices: [slice(['a'])],
    workload: {health: 'ok', desired: 1},
    ...more,
  }
}

const behind = (health: Health): Partial<ServiceFacts> => ({slices: [slice(['x'])], workload: {health, desired: 1}})

test.each<[string, Partial<ServiceFacts>, number | null, Severity, string | RegExp]>([
  ['one ready endpoint', {}, 1, 'ok', ''],
  ['ready left out counts as ready', {slices: [slice(['a?'])]}, 1, 'ok', ''],
  ['distinct targets over all slices (dual stack)', {slices: [slice(['a', 'b']), slice(['b', 'c', 'x'])]}, 3, 'ok', ''],
  ["another service's slices", {slices: [slice(['a'], ['http'], 'other')]}, 0, 'critical', 'no ready endpoints'],
  ['none ready', {slices: [slice(['x', 'xx'])]}, 0, 'critical', 'no ready endpoints'],
  ['no slices', {slices: []}, 0, 'critical', 'no ready endpoints'],
  ['none ready, workload down', behind('down'), 0, 'critical', 'no ready endpoints; the workload behind it is down'],
  ['none ready, workload stopped', behind('stopped'), 0, 'critical', /stopped$/],
  ['none ready, workload missing', behind('missing'), 0, 'critical', /missing$/],
  ['none ready, workload inactive', behind('inactive'), 0, 'info', /inactive$/],
  ['none ready, workload in grace', behind('progressing'), 0, 'warning', /progressing$/],
  ['none ready, workload unknown', behind('unknown'), 0, 'unknown', /unknown$/],
  ['none ready, no workload known', {slices: [], workload: null}, 0, 'critical', 'no ready endpoints'],
  [
    'a misnamed target port has pods and no port',
    {slices: [slice(['a', 'b'], [])]},
    0,
    'critical',
    'port 80 has no ready endpoints: its target port web is named by none of the 2 ready pods',
  ],
  [
    'per port: one of two',
    {
      service: service({ports: [web, fpm]}),
      slices: [slice(['a'], ['fpm'])],
      expectation: {
        type: 'NodePort',
        clusterIP: null,
        ports: [
          {port: 80, nodePort: null},
          {port: 9000, nodePort: null},
        ],
      },
    },
    0,
    'critical',
    /^port 80 has no ready endpoints/,
  ],
  ['not judged: no selector', {service: service({selector: undefined}), slices: []}, null, 'info', 'not judged: no selector'],
  [
    'not judged: ExternalName',
    {service: service({type: 'ExternalName'}), slices: []},
    null,
    'warning',
    /^type ExternalName where.*not judged: ExternalName$/,
  ],
  ['another type', {service: service({type: 'ClusterIP'})}, 1, 'warning', 'type ClusterIP where the catalogue expects NodePort'],
  [
    'another port',
    {service: service({ports: [{...web, port: 81}]})},
    1,
    'warning',
    'no port 80, which the catalogue expects; port 81 is not in the catalogue',
  ],
  [
    'another node port',
    {service: service({ports: [{...web, nodePort: 1}]})},
    1,
    'warning',
    'node port 1 of port 80 where the catalogue expects 30635',
  ],
  [
    'another cluster IP',
    {service: service({clusterIP: '10.27.0.9'})},
    1,
    'info',
    'cluster IP 10.27.0.9 where the catalogue expects 10.27.0.1',
  ],
  ['missing', {service: null}, null, 'critical', 'not in the cluster'],
  [
    'missing before an inactive workload',
    {service: null, workload: {health: 'inactive', desired: 0}},
    null,
    'warning',
    'not in the cluster',
  ],
  ['services unreadable', {service: 'unreadable'}, null, 'unknown', "services can't be read"],
  ['slices unreadable', {slices: 'unreadable'}, null, 'unknown', "endpoint slices can't be read"],
  ['unlisted: at most a warning', {expectation: null, slices: []}, 0, 'warning', 'no ready endpoints'],
  ['unlisted, strict', {expectation: null, strict: true, slices: []}, 0, 'critical', 'no ready endpoints'],
  ['unlisted is no fault', {expectation: null}, 1, 'ok', ''],
  [
    'headless without ports',
    {service: service({clusterIP: 'None', ports: []}), expectation: null, slices: [slice(['a', 'b'], [])]},
    2,
    'ok',
    '',
  ],
])('%s', (_about, more, ready, severity, reason) => {
  const judged = judgeService(facts(more))
  expect({ready: judged.readyEndpoints, severity: judged.severity}).toEqual({ready, severity})
  if (typeof reason === 'string') expect(judged.reason).toBe(reason)
  else expect(judged.reason).toMatch(reason)
})

test('ready endpoints of each port', () => {
  const judged = judgeService(
    facts({service: service({ports: [web, fpm]}), slices: [slice(['a', 'b'], ['http', 'fpm']), slice(['c'], ['fpm'])]}),
  )
  expect(judged.ports).toEqual([
    {name: 'http', port: 80, nodePort: 30_635, targetPort: 'web', readyEndpoints: 2},
    {name: 'fpm', port: 9000, nodePort: null, targetPort: 9000, readyEndpoints: 3},
  ])
  expect(judged.readyEndpoints).toBe(2)
})
