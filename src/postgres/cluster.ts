/** Few processes and little memory; nothing here changes a plan. */
export function serverSettings(major: number): Readonly<Record<string, string>> {
  return {
    autovacuum: 'off',
    fsync: 'off',
    full_page_writes: 'off',
    shared_buffers: '16MB',
    max_connections: '5',
    wal_level: 'minimal',
    max_wal_senders: '0',
    max_logical_replication_workers: '0',
    jit: 'off',
    ...(major >= 18 ? { io_method: 'sync' } : {}),
  };
}

/**
 * Arguments of initdb, and others to try where the locale is not installed: ICU has nearly the same order, and any
 * locale that is not C keeps LIKE from using an ordinary index, which is what matters most to plans.
 */
export function initdbAttempts(locale: string, major: number): [string[], ...string[][]] {
  // Before PostgreSQL 18 there were no checksums unless they were asked for.
  const common = ['--wal-segsize=1', ...(major >= 18 ? ['--no-data-checksums'] : [])];
  const attempts: [string[], ...string[][]] = [[...common, `--locale=${locale}`]];
  const language = /^([a-z]{2,3})(?:_([A-Z]{2}))?\b/.exec(locale);
  if (language !== null && major >= 15) {
    const icu = language.slice(1).filter(Boolean).join('-');
    attempts.push([...common, '--locale=C', '--locale-provider=icu', `--icu-locale=${icu}`]);
  }
  if (!/^(C|POSIX)$/.test(locale)) attempts.push([...common, '--locale=C.UTF-8'], [...common, '--locale=en_US.UTF-8']);
  return attempts;
}

/** Whether initdb failed for its locale. */
export function isUnknownLocale(output: string): boolean {
  return /invalid locale (name|settings)|ICU is not supported|could not open collator/.test(output);
}
