export type { ReportContext, Reporter } from './context.js';
export { stepSummary } from './github.js';
export type * from './model.js';
export { type ReporterName, reporters } from './reporters.js';
