import {expect, test} from 'vitest'
import {review} from '../../src/lib/sandbox/reviews.ts'

const READER = {name: 'reader', token: '', rules: [{apiGroups: [''], resources: ['pods', 'pods/log'], verbs: ['list']}]}
const access = (attributes: object) => () => ({spec: {resourceAttributes: attributes}})
const AUTHORIZATION = '/apis/authorization.k8s.io/v1'

test.each([
  ['what it may', {verb: 'list', resource: 'pods'}, true],
  ['another verb', {verb: 'watch', resource: 'pods'}, false],
  ['a subresource', {verb: 'list', resource: 'pods', subresource: 'log'}, true],
  ['another subresource', {verb: 'list', resource: 'pods', subresource: 'exec'}, false],
  ['another group', {verb: 'list', resource: 'pods', group: 'metrics.k8s.io'}, false],
])('may somebody do %s', (_, attributes, allowed) => {
  expect(review(`${AUTHORIZATION}/selfsubjectaccessreviews`, READER, access(attributes))).toMatchObject({
    kind: 'SelfSubjectAccessReview',
    status: {allowed},
  })
  expect(review(`${AUTHORIZATION}/selfsubjectaccessreviews`, null, access(attributes))).toMatchObject({status: {allowed: true}})
})

test('all rules, and who one is', () => {
  expect(review(`${AUTHORIZATION}/selfsubjectrulesreviews`, READER, () => ({spec: {namespace: 'x'}}))).toMatchObject({
    kind: 'SelfSubjectRulesReview',
    apiVersion: 'authorization.k8s.io/v1',
    spec: {namespace: 'x'},
    status: {resourceRules: READER.rules, incomplete: false},
  })
  expect(review('/apis/authentication.k8s.io/v1/selfsubjectreviews', READER, () => ({}))).toMatchObject({
    status: {userInfo: {username: 'reader'}},
  })
})

test.each(['/apis/apps/v1/deployments', '/apis/authorization.k8s.io/v1/localsubjectaccessreviews', '/api/v1/pods'])(
  '%s is none',
  (path) => {
    expect(review(path, READER, () => ({}))).toBeNull()
  },
)
