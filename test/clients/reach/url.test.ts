import {describe, expect, test} from 'vitest'
import {parseBrokers, parseOrthancUrl, parseRedisUrl, UrlError} from '../../../src/lib/clients/reach/index.ts'

const redis = {tls: false, database: null, sentinel: null, username: null, password: null}
const orthanc = {tls: false, path: '', username: null, password: null}

describe('a URL of Redis', () => {
  test.each([
    ['redis://redis.example', {...redis, addresses: [{host: 'redis.example', port: 6379}]}],
    ['redis://127.0.0.1:7000/3', {...redis, addresses: [{host: '127.0.0.1', port: 7000}], database: 3}],
    ['redis://[::1]:7000/', {...redis, addresses: [{host: '::1', port: 7000}]}],
    ['rediss://ops@redis.example', {...redis, addresses: [{host: 'redis.example', port: 6379}], tls: true, username: 'ops'}],
    ['redis://:p%40ss@r', {...redis, addresses: [{host: 'r', port: 6379}], password: 'p@ss'}],
    ['redis://u:a:b@c@r', {...redis, addresses: [{host: 'r', port: 6379}], username: 'u', password: 'a:b@c'}],
    [
      'redis-sentinel://a,b:26380/2#main',
      {
        ...redis,
        addresses: [
          {host: 'a', port: 26379},
          {host: 'b', port: 26380},
        ],
        database: 2,
        sentinel: 'main',
      },
    ],
    ['rediss-sentinel://a#main', {...redis, addresses: [{host: 'a', port: 26379}], tls: true, sentinel: 'main'}],
  ])('%s', (text, url) => expect(parseRedisUrl(text)).toEqual(url))

  test.each([
    'redis.example:6379',
    'http://redis.example',
    'redis://',
    'redis://a,b',
    'redis://a:0',
    'redis://a:99999',
    'redis://a/x',
    'redis://a#main',
    'redis-sentinel://a',
    'redis://%E0%A4%A@a',
  ])('%s is none', (text) => expect(() => parseRedisUrl(text)).toThrow(UrlError))

  test('an error repeats no password', () => {
    expect(() => parseRedisUrl('redis://u:secret@a/x')).toThrow(expect.not.objectContaining({message: expect.stringContaining('secret')}))
  })
})

test.each([
  ['a', [{host: 'a', port: 9092}]],
  [
    ' a:1 , [::1]:2 ',
    [
      {host: 'a', port: 1},
      {host: '::1', port: 2},
    ],
  ],
])('brokers: %s', (text, addresses) => expect(parseBrokers(text)).toEqual({addresses}))

test.each(['', ',', 'a:b', 'kafka://a'])('no brokers: "%s"', (text) => expect(() => parseBrokers(text)).toThrow(UrlError))

test.each([
  ['http://o', {...orthanc, address: {host: 'o', port: 80}}],
  ['https://o:8443/orthanc/', {...orthanc, address: {host: 'o', port: 8443}, tls: true, path: '/orthanc'}],
  ['https://ops:x@o', {...orthanc, address: {host: 'o', port: 443}, tls: true, username: 'ops', password: 'x'}],
])('Orthanc: %s', (text, url) => expect(parseOrthancUrl(text)).toEqual(url))

test.each(['o', 'ftp://o', 'http://', 'http://o?x', 'http://a,b'])('no URL of Orthanc: %s', (text) =>
  expect(() => parseOrthancUrl(text)).toThrow(UrlError),
)
