import {expect, test} from 'vitest'
import {isLoopback, proxyFor} from '../../../src/lib/clients/kubernetes/proxy.ts'

const PROXY = 'http://proxy.example:3128'

const cases: [server: string, proxyUrl: string | null, env: Record<string, string>, proxied: boolean][] = [
  ['https://api.example:6443', null, {}, false],
  ['https://api.example:6443', PROXY, {}, true],
  ['https://127.0.0.1:6443', PROXY, {}, true],
  ['https://api.example:6443', PROXY, {NO_PROXY: '*'}, true],
  ['https://api.example:6443', null, {HTTPS_PROXY: PROXY}, true],
  ['https://api.example:6443', null, {https_proxy: PROXY}, true],
  ['https://api.example:6443', null, {HTTPS_PROXY: ''}, false],
  ['https://api.example:6443', null, {HTTP_PROXY: PROXY}, false],
  ['http://api.example', null, {HTTP_PROXY: PROXY}, true],
  ['https://localhost:6443', null, {HTTPS_PROXY: PROXY}, false],
  ['https://127.0.0.2:6443', null, {HTTPS_PROXY: PROXY}, false],
  ['https://[::1]:6443', null, {HTTPS_PROXY: PROXY}, false],
  ['https://api.example:6443', null, {HTTPS_PROXY: PROXY, NO_PROXY: '*'}, false],
  ['https://api.example:6443', null, {HTTPS_PROXY: PROXY, no_proxy: 'other, api.example'}, false],
  ['https://api.example:6443', null, {HTTPS_PROXY: PROXY, NO_PROXY: 'example'}, false],
  ['https://api.example:6443', null, {HTTPS_PROXY: PROXY, NO_PROXY: '.example'}, false],
  ['https://api.example:6443', null, {HTTPS_PROXY: PROXY, NO_PROXY: '*.example'}, false],
  ['https://example:6443', null, {HTTPS_PROXY: PROXY, NO_PROXY: '.example'}, true],
  ['https://bad-example:6443', null, {HTTPS_PROXY: PROXY, NO_PROXY: 'example'}, true],
  ['https://api.example:6443', null, {HTTPS_PROXY: PROXY, NO_PROXY: 'api.example:6443'}, false],
  ['https://api.example:6443', null, {HTTPS_PROXY: PROXY, NO_PROXY: 'api.example:443'}, true],
  ['https://api.example', null, {HTTPS_PROXY: PROXY, NO_PROXY: 'api.example:443'}, false],
  ['https://10.1.2.3:6443', null, {HTTPS_PROXY: PROXY, NO_PROXY: '10.0.0.0/8'}, false],
  ['https://11.1.2.3:6443', null, {HTTPS_PROXY: PROXY, NO_PROXY: '10.0.0.0/8'}, true],
  ['https://10.1.2.3:6443', null, {HTTPS_PROXY: PROXY, NO_PROXY: '10.1.2.3'}, false],
  ['https://10.1.2.30:6443', null, {HTTPS_PROXY: PROXY, NO_PROXY: '10.1.2.3'}, true],
  ['https://[fd00::1]:6443', null, {HTTPS_PROXY: PROXY, NO_PROXY: 'fd00::/8'}, false],
  ['https://[fd00::1]:6443', null, {HTTPS_PROXY: PROXY, NO_PROXY: 'fd00::1'}, false],
  ['https://[fd00::1]:6443', null, {HTTPS_PROXY: PROXY, NO_PROXY: '[fd00::1]:6443'}, false],
  ['https://api.example:6443', null, {HTTPS_PROXY: PROXY, NO_PROXY: ',/8,10.0.0.0/99,nonsense/x'}, true],
]
test.each(cases)('%s with proxy-url %s and %o', (server, proxyUrl, env, proxied) => {
  expect(proxyFor(new URL(server), proxyUrl, env)?.href ?? null).toBe(proxied ? `${PROXY}/` : null)
})

test('a proxy without a scheme is an http proxy', () => {
  expect(proxyFor(new URL('https://api.example'), null, {HTTPS_PROXY: 'proxy.example:3128'})?.href).toBe(`${PROXY}/`)
})

test.each([
  ['ftp://proxy', {}, 'proxy-url of the kubeconfig'],
  [null, {HTTPS_PROXY: 'http://:x:'}, 'HTTPS_PROXY'],
])('%s is refused with 78, without its text', (proxyUrl, env, named) => {
  expect(() => proxyFor(new URL('https://api.example'), proxyUrl, env)).toThrow(
    expect.objectContaining({exitCode: 78, message: `${named} is no http, https or socks URL`}),
  )
})

test.each([
  ['localhost', true],
  ['127.1.2.3', true],
  ['::1', true],
  ['128.0.0.1', false],
  ['localhost.example', false],
  ['::2', false],
])('%s is loopback: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected)
})
