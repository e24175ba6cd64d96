import type {GroupState, QueueState} from '../../src/lib/runbook/data-plane/schema.ts'

/** Well unless told otherwise. */
export const queue = (over: Partial<QueueState> = {}): QueueState => ({
  queue: 'pdf',
  state: 'present',
  pending: 0,
  delayed: 0,
  reserved: 0,
  oldestAgeSeconds: null,
  movement: null,
  severity: 'ok',
  reason: '',
  next: [],
  ...over,
})
export const group = (over: Partial<GroupState> = {}): GroupState => ({
  group: 'ecg',
  state: 'Stable',
  lag: 0,
  oldestUnreadSeconds: null,
  movement: null,
  members: 1,
  severity: 'ok',
  reason: '',
  next: [],
  ...over,
})
