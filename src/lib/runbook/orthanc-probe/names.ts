/** Steps that may be skipped, and that `--require` names. */
export const REQUIRABLE = ['http', 'authentication', 'database', 'storage', 'dicom', 'viewer', 'design-system'] as const
/** In their order. */
export const STEPS = ['service', 'endpoints', 'pod', ...REQUIRABLE] as const
