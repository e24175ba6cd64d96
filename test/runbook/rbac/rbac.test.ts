import {load} from 'js-yaml'
import {describe, expect, test} from 'vitest'
import {UsageError} from '../../../src/lib/errors/index.ts'
import {PERMISSIONS, rolesFor, rolesYaml} from '../../../src/lib/runbook/rbac/index.ts'

const yamlDocuments = (text: string): unknown[] => text.split('---\n').map((part) => load(part))

describe('roles', () => {
  test('of one command: verbs of one resource together', () => {
    const [role, ...others] = rolesFor('scale', 'sapoche').items
    expect(others).toEqual([])
    expect(role).toMatchObject({kind: 'Role', metadata: {name: 'sapoche-scale', namespace: 'sapoche'}})
    expect(role?.rules).toContainEqual({apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'list', 'patch', 'watch']})
  })

  test('what lies outside of namespaces is a ClusterRole beside it', () => {
    expect(rolesFor('status', 'other').items.map(({kind, metadata}) => [kind, metadata.name, metadata.namespace])).toEqual([
      ['Role', 'sapoche-status', 'other'],
      ['ClusterRole', 'sapoche-status', undefined],
    ])
  })

  test('of all commands, each once', () => {
    const names = rolesFor(null, 'sapoche')
      .items.filter(({kind}) => kind === 'Role')
      .map(({metadata}) => metadata.name)
    expect(names).toEqual(
      Object.keys(PERMISSIONS)
        .sort()
        .map((command) => `sapoche-${command.replaceAll(' ', '-')}`),
    )
  })

  test('reading commands may not write', () => {
    const writers = Object.entries(PERMISSIONS).flatMap(([command, permissions]) =>
      permissions.flatMap(({resources, verbs}) =>
        verbs.some((verb) => !['get', 'list', 'watch'].includes(verb)) ? [`${command}: ${verbs.join(' ')} ${resources.join()}`] : [],
      ),
    )
    expect(
      writers.filter(
        (line) =>
          !/^(scale|restart|rollback): get patch deployments$|^evict: create pods\/eviction$|: get create pods\/(exec|portforward)$/.test(
            line,
          ),
      ),
    ).toEqual([])
  })

  test.each(['sclae', 'journal', 'toString'])('%s has none', (command) => {
    expect(() => rolesFor(command, 'sapoche')).toThrow(UsageError)
  })

  test('a name that was mistyped is guessed', () => {
    expect(() => rolesFor('catalog diff', 'sapoche')).toThrow(expect.objectContaining({suggestions: ['catalogue diff']}))
  })
})

test('the YAML says the same as the JSON, and what can be done without', () => {
  const roles = rolesFor(null, 'sapoche')
  const text = rolesYaml(roles)
  expect(yamlDocuments(text)).toEqual(roles.items)
  expect(rolesYaml(rolesFor('status', 'sapoche'))).toContain(
    '# optional: list, watch nodes (whether the node of a pod is ready)\napiVersion',
  )
})
