import {stripVTControlCharacters} from 'node:util'
import {describe, expect, test} from 'vitest'
import type {TraceReport} from '../../../src/lib/runbook/trace/schema.ts'
import {traceViews} from '../../../src/lib/runbook/trace/view.ts'
import {BACKLOG, ELSEWHERE, NOW, STOPPED_PHP, trace} from './sample.ts'

const options = {width: 80, colour: false, now: NOW}
const {table, wide, mermaid, junit} = traceViews('warning')
const lines = (text: string): string => `\n${text}`

describe('table', () => {
  test('a hop in the middle is down', () =>
    expect(lines(table(trace(STOPPED_PHP, 'gateway'), options))).toBe(`
sapoche  context prod-eu  2026-11-22 03:12:07Z

GATEWAY  External requests

  external requests                  not checked
  |
  APISIX gateway (other namespace)   not checked
  |
  service st-sapoche-nginx           ok           3 endpoints, 10.27.41.39:80
  |
  st-bnkd-php-nginx (load balancer)  ok           3/3 ready
  |
  st-bnkd-php (PHP application)      critical     0/3 ready, 0 endpoints of
  x                                               service st-bnkd-php
  x  broken here
  x  upstream    external requests, APISIX gateway, st-sapoche-nginx,
  x              st-bnkd-php-nginx
  x  downstream  st-redis-sp, external databases and storage
  x
  service st-redis-sp (cache)        ok           1 endpoint, 10.27.62.167:6379,
  x                                               redis-master-st-sp 1/1
  x
  external databases and storage     not checked

SERVICES  within the cluster NAME.sapoche.svc
  NAME              TYPE       CLUSTER IP     PORTS     READY  SEVERITY
  st-bnkd-php       ClusterIP  10.27.183.187  9000, 80  0      critical
  st-sapoche-nginx  ClusterIP  10.27.41.39    80        3      ok
  st-redis-sp       ClusterIP  10.27.62.167   6379      1      ok

service/st-bnkd-php  critical
  no ready endpoints; the workload behind it is down

st-bnkd-php  down for 4 min
  container app: CrashLoopBackOff, exit 255, 7 restarts
  changed 6 min ago: image php:1.4 -> php:1.5 (revision 12)
  next  sapoche logs st-bnkd-php --previous
        sapoche rollback st-bnkd-php

CRITICAL  gateway is broken at st-bnkd-php; 1 service in trouble
    not checked: external requests, APISIX gateway (other namespace), external
    databases and storage
`))

  test('a namespace that the catalogue is not for: one line says so, and what is absent is not zero', () => {
    const text = table(trace(ELSEWHERE), options)
    expect(text).toMatch(/service st-sapoche-nginx +critical +not in the cluster\n/)
    expect(text).toMatch(/consumers \(process\) +critical +-\/- ready\n {2}x {2}14 workloads missing\n/)
    expect(text).not.toMatch(/ 0\/0|consumer-dicom/)
    expect(text).toMatch(
      /orthanc-read-api-service +NodePort +- +- +- +critical\n\n38 of the 38 workloads [^\n]+ wrong context or namespace\?\n\nCRITICAL/,
    )
  })

  test('a service of a workload that no flow passes has its own commands; what others have is not said twice', () => {
    const down = {readyEndpoints: 0, severity: 'critical', reason: 'no ready endpoints; the workload behind it is down'} as const
    const otherwise = {...STOPPED_PHP, services: {...STOPPED_PHP.services, 'orthanc-read-api-service': down}}
    const text = table(trace(otherwise), options)
    expect(text).toMatch(/service\/orthanc-read-api-service {2}critical\n[^\n]*\n {2}next {2}sapoche status orthanc-read-api\n/)
    expect(text.match(/sapoche rollback st-bnkd-php\n/g)).toHaveLength(1)
  })

  test('one worker is off, and a consumer is behind', () =>
    expect(lines(table(trace(BACKLOG, 'events'), options))).toBe(`
sapoche  context prod-eu  2026-11-22 03:12:07Z

EVENTS  Events

  events (other namespace)   ok           Kafka answers
  |
  consumers (process)        warning      13/13 ready, lag 480
  |  consumer-lis-testresult  1/1  lag 480 >15m  warning
  |
  workers (background jobs)  critical     15/15 ready, 137 queued
  |  worker-sapoche-pdf-en  0/0  137 queued 25m  critical
  |  broken for worker-sapoche-pdf-en; the others pass
  |  upstream    events, consumers
  |  downstream  notifications and PDFs
  |
  notifications and PDFs     not checked

consumer-lis-testresult  warning, 1/1 ready
  group consumer-lis-testresult: 480 events unread, the oldest 15 min to 1 h
  next  sapoche consumer-lag consumer-lis-testresult --window 10s

worker-sapoche-pdf-en  stopped
  0 replicas where the catalogue expects 1
  queue pdf-en: 137 jobs wait and worker-sapoche-pdf-en is at 0 replicas
  next  sapoche scale worker-sapoche-pdf-en --to-baseline

CRITICAL  events is broken for 1 of 17 workers
    not checked: notifications and PDFs
`))

  test('services with names, addresses and ports; another cluster IP is said below, and is no fault', () => {
    const info = {
      clusterIP: '10.96.0.7',
      severity: 'info' as const,
      reason: 'cluster IP 10.96.0.7 where the catalogue expects 10.27.16.173',
    }
    const text = table(trace({services: {'diag-dicom-viewer-nginx': info}}), options)
    expect(text.slice(text.indexOf('SERVICES'))).toBe(`SERVICES  within the cluster NAME.sapoche.svc
  NAME                      TYPE       CLUSTER IP     PORTS     READY  SEVERITY
  st-bnkd-php               ClusterIP  10.27.183.187  9000, 80  3      ok
  st-sapoche-nginx          ClusterIP  10.27.41.39    80        3      ok
  st-redis-sp               ClusterIP  10.27.62.167   6379      1      ok
  diag-design-system-nginx  NodePort   10.27.254.171  80:30788  1      ok
  diag-dicom-viewer-nginx   NodePort   10.96.0.7      80:30120  1      info
    cluster IP 10.96.0.7 where the catalogue expects 10.27.16.173
  orthanc-read-api-service  NodePort   10.27.18.84    80:30635  1      ok

OK  gateway passes; events passes
    not checked: external requests, APISIX gateway (other namespace), external
    databases and storage, notifications and PDFs
`)
  })

  test.each<[string, TraceReport]>([
    ['well', trace()],
    ['down', trace(STOPPED_PHP)],
    ['backlog', trace(BACKLOG)],
  ])('no line is wider than 80 columns, nor than 200: %s', (_, report) => {
    for (const line of table(report, options).split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    for (const line of wide(report, {...options, width: 200}).split('\n')) expect(line.length).toBeLessThanOrEqual(200)
  })

  test('colour adds nothing but colour', () => {
    const coloured = table(trace(STOPPED_PHP), {...options, colour: true})
    expect(coloured).not.toBe(table(trace(STOPPED_PHP), options))
    expect(stripVTControlCharacters(coloured)).toBe(table(trace(STOPPED_PHP), options))
  })

  test('escapes that came from the cluster are gone', () => {
    const evil = trace({items: {'st-bnkd-php': {health: 'down', severity: 'critical', reason: 'a\u001B]0;owned\u0007b\u001B[2J'}}})
    for (const draw of [table, wide, mermaid]) expect(draw(evil, options)).not.toContain('\u001B')
  })

  test('where many are unknown their number is enough', () => {
    const names = trace()
      .items.find(({name}) => name === 'consumers')!
      .workloads.map(({name}) => name)
    const unread = {health: 'unknown', severity: 'unknown', reason: 'not read'} as const
    const text = table(trace({items: Object.fromEntries(names.map((name) => [name, unread]))}, 'events'), options)
    expect(text).toContain('  |  14 workloads unknown\n')
    expect(text).toContain('UNKNOWN  events is unknown at consumers\n')
  })
})

describe('wide', () => {
  test('every workload, and the names that services are called by', () => {
    const text = wide(trace(), {...options, width: 200})
    expect(text).toContain('  |  worker-sapoche-pdf                           1/1  nothing queued  ok\n')
    expect(text).toContain('  st-redis-sp               st-redis-sp.sapoche.svc               ClusterIP')
    expect(text).toContain('3/3 ready, 3 endpoints of service st-bnkd-php\n')
  })
})

test('junit: each hop that was looked at is a case, and each service', () => {
  const xml = junit(trace(STOPPED_PHP), options)
  expect(xml).toMatch(/<testcase classname="gateway" name="st-bnkd-php"><failure message="[^"]*CrashLoopBackOff[^"]*" type="critical"\/>/)
  expect(xml).toContain('<testcase classname="events" name="workers"/>')
  expect(xml).toContain('<testcase classname="services" name="orthanc-read-api-service"/>')
  expect(xml).toContain('<testcase classname="gateway" name="APISIX gateway"><skipped message="outside of the namespace"/>')
})

describe('mermaid', () => {
  test('states are words in the nodes, and a line that nothing passes says so', () =>
    expect(lines(mermaid(trace(STOPPED_PHP, 'gateway'), options))).toBe(`
flowchart TD
  subgraph flow1["External requests"]
    hop1(["external requests<br/>not checked"])
    hop2(["APISIX gateway (other namespace)<br/>not checked"])
    hop3[["service st-sapoche-nginx<br/>3 endpoints, 10.27.41.39:80<br/>ok"]]
    hop4["st-bnkd-php-nginx (load balancer)<br/>3/3 ready<br/>ok"]
    hop5["st-bnkd-php (PHP application)<br/>0/3 ready, 0 endpoints of service st-bnkd-php<br/>critical"]
    hop6[["service st-redis-sp (cache)<br/>1 endpoint, 10.27.62.167:6379, redis-master-st-sp 1/1<br/>ok"]]
    hop7(["external databases and storage<br/>not checked"])
    hop1 --> hop2
    hop2 --> hop3
    hop3 --> hop4
    hop4 --> hop5
    hop5 -. cut off .-> hop6
    hop6 -. cut off .-> hop7
  end
  classDef critical stroke:#dc322f,stroke-width:4px
  class hop5 critical
`))

  test("a flow whose name is a word of Mermaid's own", () => {
    const report = trace({}, 'events')
    const odd = {
      ...report,
      flows: report.flows.map((flow) => ({...flow, name: 'default'})),
      items: report.items.map((hop) => ({...hop, flow: 'default'})),
    }
    expect(mermaid(odd, options)).toBe(mermaid(report, options))
  })

  test('quotes and brackets of a name do not end a node', () => {
    const report = trace({}, 'events')
    const odd = {...report, items: report.items.map((hop) => ({...hop, name: '`a` "b" <c> #d'}))}
    expect(mermaid(odd, options)).toContain('"#96;a#96; #quot;b#quot; #lt;c#gt; #35;d')
  })
})
