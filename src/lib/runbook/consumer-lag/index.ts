export {exitCodeOf} from '../../workload/index.ts'
export {type KafkaGate, type LagOptions, type LagSources, readLag} from './read.ts'
export {lagNotice, lagViews} from './view.ts'
export {liveLag} from './watch.ts'
