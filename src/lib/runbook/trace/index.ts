export {exitCodeOf} from '../../workload/index.ts'
export {traceViews} from './view.ts'
export {liveTrace} from './watch.ts'
