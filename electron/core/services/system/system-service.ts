export interface SystemInfo {
  version: string;
  host: 'desktop' | 'browser';
  practice: boolean;
  pid: number;
}

/** What a page needs to know of its host. The command line serves no page of its own and counts as the browser host. */
export function systemInfo(options: {
  version: string;
  host: 'desktop' | 'browser' | 'cli';
  practice: boolean;
}): SystemInfo {
  return {
    version: options.version,
    host: options.host === 'desktop' ? 'desktop' : 'browser',
    practice: options.practice,
    pid: process.pid,
  };
}
