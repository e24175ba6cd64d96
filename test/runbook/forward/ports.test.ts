import {describe, expect, test} from 'vitest'
import {UsageError} from '../../../src/lib/errors/index.ts'
import {choosePort, localPorts, parsePorts, urlOf} from '../../../src/lib/runbook/forward/ports.ts'

describe('LOCAL[:REMOTE]', () => {
  test.each<[string | undefined, object]>([
    [undefined, {local: null, remote: null}],
    ['8042', {local: 8042, remote: null}],
    ['8042:80', {local: 8042, remote: 80}],
    [':80', {local: 0, remote: 80}],
    ['0:80', {local: 0, remote: 80}],
    ['0', {local: 0, remote: null}],
    ['8080:http', {local: 8080, remote: 'http'}],
    [':web-api', {local: 0, remote: 'web-api'}],
  ])('%s', (text, wish) => expect(parsePorts(text)).toEqual(wish))

  test.each(['', ':', 'a', '80:80:80', '65536', '1:65536', '-1', '80 81', 'x:80'])('"%s" is none', (text) =>
    expect(() => parsePorts(text)).toThrow(UsageError),
  )
})

describe('the remote port', () => {
  const one = [{name: 'http', port: 80}]
  const two = [
    {name: 'fpm', port: 9000},
    {name: '', port: 80},
  ]
  test.each<[string, Parameters<typeof choosePort>[0], typeof one, boolean, number | string]>([
    ['by number', {local: 1, remote: 80}, two, false, 80],
    ['by name', {local: 1, remote: 'fpm'}, two, false, 9000],
    ['the only one', {local: 1234, remote: null}, one, false, 80],
    ['of several the one with the local number', {local: 80, remote: null}, two, false, 80],
    ['of several none', {local: 1234, remote: null}, two, false, 'x has ports 9000 (fpm), 80; name one: LOCAL:REMOTE'],
    ['one that a service has not', {local: 1, remote: 81}, one, false, 'x has no port 81; it has 80 (http)'],
    ['one that a container does not declare', {local: 1, remote: 81}, one, true, 81],
    ['a name that there is not', {local: 1, remote: 'grpc'}, one, true, 'x has no port grpc; it has 80 (http)'],
    ['nothing declared, and a number', {local: 1, remote: 81}, [], true, 81],
    ['nothing declared, nothing named', {local: 1, remote: null}, [], true, 'x declares no ports; name one: LOCAL:REMOTE'],
  ])('%s', (_, wish, ports, others, expected) => {
    if (typeof expected === 'number') expect(choosePort(wish, ports, 'x', others)).toBe(expected)
    else expect(() => choosePort(wish, ports, 'x', others)).toThrow(expected)
  })
})

test.each<[Parameters<typeof localPorts>[0], number, number, number[]]>([
  [{local: 8042, remote: 80}, 80, 8042, [8042]],
  [{local: 0, remote: 80}, 80, 8042, [0]],
  [{local: null, remote: null}, 6379, 6379, [6379, 0]],
  [{local: null, remote: null}, 80, 8042, [8042, 0]],
  [{local: null, remote: null}, 80, 80, [0]],
  [{local: null, remote: null}, 8080, 3000, [8080, 3000, 0]],
])('local ports of %o for %d and %d', (wish, remote, pod, ports) => expect(localPorts(wish, remote, pod)).toEqual(ports))

test.each<[number, number, number, string]>([
  [8042, 80, 8042, 'http://127.0.0.1:8042'],
  [16_379, 6379, 6379, 'redis://127.0.0.1:16379'],
  [8443, 443, 8443, 'https://127.0.0.1:8443'],
  [9000, 9000, 9000, '127.0.0.1:9000'],
  [1, 1234, 8080, 'http://127.0.0.1:1'],
])('the URL of %d for %d and %d', (local, remote, pod, url) => expect(urlOf(local, remote, pod)).toBe(url))
