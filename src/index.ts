export { type ErrorCode, formatWhere, PlanGuardError, PlanGuardErrors, type Where } from './errors.js';
export { type CheckOptions, check } from './guard/check.js';
export type * from './plan/model.js';
export { type ReportContext, reporters, stepSummary } from './report/index.js';
export type * from './report/model.js';
export type { Doubt, DoubtKind, RuleFinding } from './rules/model.js';
export type { RuleName } from './suite/model.js';
