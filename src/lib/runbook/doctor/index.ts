export {exitCodeOf} from '../../workload/index.ts'
export {liveDoctor} from './live.ts'
export type {DoctorSources, ServerGates, ServerTarget} from './types.ts'
export {doctorViews} from './view.ts'
