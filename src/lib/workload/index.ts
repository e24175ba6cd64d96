/**
 * The rules of the verdicts (rules.md): from what was read of a namespace to healths, severities, sentences and exit codes.
 * Pure: no clock, no network, no output. Objects go in through the decoders, `now` is the API server's clock in epoch milliseconds.
 */
export type * from './objects.ts'
export type * from './types.ts'
export {HEALTHS} from './types.ts'

export {listAt, nameAt, numberAt, objectAt, objectOrNull, stringAt, stringMapAt, stringsAt, timeAt} from './decode/json.ts'
export {decodeAutoscaler, decodeScaledObject} from './decode/autoscaler.ts'
export {decodeDeployment, decodeReplicaSet} from './decode/deployment.ts'
export {decodeEndpointSlice, decodeService} from './decode/network.ts'
export {decodeCronJob, decodeDaemonSet, decodeEvent, decodeJob, decodeNamespace, decodeNode, decodeStatefulSet} from './decode/others.ts'
export {decodePod} from './decode/pod.ts'
export {decodeTemplate} from './decode/template.ts'

export {autoscalerOf, explainsZero, hiddenExplanation} from './autoscaling.ts'
export {compareTemplates, differenceWords} from './changes.ts'
export {findCondition} from './decode/metadata.ts'
export {doomOf} from './doomed.ts'
export {eventsByObject} from './events.ts'
export {mostlyMissing, type NamedJudgement, saysWrongPlace, sharedCause} from './findings.ts'
export {judgeWorkload} from './health.ts'
export {type OtherFacts, judgeOthers} from './other-kinds.ts'
export {assignPods, type Ownership, standing} from './ownership.ts'
export {podState} from './pod-state.ts'
export {serviceDifferences, judgeService, type ServiceFacts} from './services.ts'
export {lastEndOf} from './survey.ts'
export {SCALE_ANNOTATIONS, type ScaleRecord, scaleRecord} from './temporary.ts'
export {containerTrouble, exitWords, shortImage, shortMessage} from './trouble.ts'
export {exitCodeOf, verdictOf, worst} from './verdict.ts'
