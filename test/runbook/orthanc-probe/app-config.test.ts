import {expect, test} from 'vitest'
import {rootsOf, wayOf} from '../../../src/lib/runbook/orthanc-probe/app-config.ts'
import type {Neighbourhood} from '../../../src/lib/runbook/endpoints/index.ts'
import {decodeService} from '../../../src/lib/workload/index.ts'
import {appConfig} from '../../../src/lib/sandbox/web-server.ts'

test.each<[string, string, readonly (readonly [string | null, ...string[]])[]]>([
  ['OHIF 3 as JSON', appConfig('/dicom-web') ?? '', [['/dicom-web', 'wadoUriRoot', 'qidoRoot', 'wadoRoot']]],
  [
    'OHIF as JavaScript',
    `window.config = {servers: {dicomWeb: [{
       wadoUriRoot: "http://orthanc:8042/wado", qidoRoot: 'http://orthanc:8042/dicom-web',
       wadoRoot: 'http://orthanc:8042/dicom-web', qidoSupportsIncludeField: true}]}}`,
    [
      ['http://orthanc:8042/wado', 'wadoUriRoot'],
      ['http://orthanc:8042/dicom-web', 'qidoRoot', 'wadoRoot'],
    ],
  ],
  ['where the page is from', 'x = {qidoRoot: `${window.location.origin}/dicom-web`}', [['/dicom-web', 'qidoRoot']]],
  ['computed', 'x = {qidoRoot: window.location.origin + "/a",\n wadoRoot: `${HOST}/b`}', [[null, 'qidoRoot', 'wadoRoot']]],
  ['in comments', "/* qidoRoot: 'a' */\n  // wadoRoot: 'b'\n{wadoRoot: 'http://c/d'}", [['http://c/d', 'wadoRoot']]],
  [
    'user, password and query are not shown',
    "{qidoRoot: 'https://u:p@pacs.example/dicom-web?token=s#f'}",
    [['https://pacs.example/dicom-web', 'qidoRoot']],
  ],
  ['escapes are not shown', "{qidoRoot: '\u001B[31m/x'}", [['/x', 'qidoRoot']]],
  [
    'minified',
    'c={qidoRoot:"/a",wadoRoot:"/b"}',
    [
      ['/a', 'qidoRoot'],
      ['/b', 'wadoRoot'],
    ],
  ],
  ['none', 'window.config = {qidoSupportsIncludeField: false}', []],
  ['a page', '<!DOCTYPE html><html></html>', []],
])('roots: %s', (_, text, expected) => {
  expect(rootsOf(text).map(({text: root, settings}) => [root, ...settings])).toEqual(expected)
})

const AROUND: Neighbourhood = {
  namespace: 'sapoche',
  services: [
    {
      metadata: {name: 'orthanc'},
      spec: {
        type: 'NodePort',
        clusterIP: '10.27.18.84',
        selector: {app: 'orthanc'},
        ports: [{port: 80, targetPort: 'http', nodePort: 30_635}],
      },
    },
    {metadata: {name: 'empty'}, spec: {type: 'NodePort', selector: {app: 'empty'}, ports: [{port: 80, nodePort: 30_001}]}},
  ].map(decodeService),
  pods: [{name: 'orthanc-0', labels: {app: 'orthanc'}, ips: ['10.4.0.9'], ports: new Map([['http', 8042]]), state: 'ready'}],
}
const pod = (host: string, isInternal: boolean, more: object = {}) => ({
  kind: 'pod',
  host,
  pod: 'orthanc-0',
  port: 8042,
  path: '/dicom-web',
  isTls: false,
  isInternal,
  ...more,
})

test.each<[string, object]>([
  ['/dicom-web', {kind: 'same', path: '/dicom-web'}],
  ['dicom-web', {kind: 'same', path: '/dicom-web'}],
  ['http://orthanc/dicom-web', pod('orthanc', true)],
  ['//orthanc/dicom-web', pod('orthanc', true)],
  ['https://orthanc:80/dicom-web', pod('orthanc', true, {isTls: true})],
  ['http://orthanc', pod('orthanc', true, {path: ''})],
  ['http://orthanc.sapoche/dicom-web', pod('orthanc.sapoche', true)],
  ['http://orthanc.sapoche.svc.cluster.local:80/dicom-web', pod('orthanc.sapoche.svc.cluster.local', true)],
  ['http://10.27.18.84/dicom-web', pod('10.27.18.84', true)],
  ['http://10.4.0.9:8042/dicom-web', pod('10.4.0.9', true)],
  ['http://node-a.example:30635/dicom-web', pod('node-a.example', false)],
  ['http://[2001:db8::7]:30635/dicom-web', pod('[2001:db8::7]', false)],
  ['http://node-a.example:30001/dicom-web', {kind: 'nowhere', host: 'node-a.example'}],
  ['http://orthanc:8042/dicom-web', {kind: 'nowhere', host: 'orthanc'}],
  ['http://empty/dicom-web', {kind: 'nowhere', host: 'empty'}],
  ['http://pacs:8042/dicom-web', {kind: 'nowhere', host: 'pacs'}],
  ['http://pacs.other.svc/dicom-web', {kind: 'nowhere', host: 'pacs.other.svc'}],
  ['http://localhost:8042/dicom-web', {kind: 'nowhere', host: 'localhost'}],
  ['https://pacs.example/dicom-web', {kind: 'outside', host: 'pacs.example'}],
  ['https://192.0.2.7/dicom-web', {kind: 'outside', host: '192.0.2.7'}],
])('where %s leads', (text, expected) => {
  expect(wayOf(text, AROUND)).toEqual(expected)
})
