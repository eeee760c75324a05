import { runPracticeChild } from './child-process';

export { startPractice, type Practice, type PracticeOptions } from './start-practice';
export type { PracticeMessage } from './child-process';

if (process.argv.includes('--child')) await runPracticeChild(process.argv.slice(2));
