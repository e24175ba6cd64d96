/** Which pod stands behind a name or address inside a cluster. */
export {decodeEndpointPod} from './decode.ts'
export {behind, clusterNames, findEndpoint, type Neighbourhood} from './find.ts'
export {readNeighbourhood} from './read.ts'
