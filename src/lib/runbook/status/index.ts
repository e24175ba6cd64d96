export {exitCodeOf, HEALTHS} from '../../workload/index.ts'
export {statusViews} from './view.ts'
export {liveStatus} from './watch.ts'
