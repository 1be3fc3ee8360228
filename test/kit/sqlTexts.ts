/**
 * Texts that would be a statement of their own, or break one, were they ever part of one: each way out of a literal joined with each thing
 * that is worth doing behind it. Each names `tickgate_canary`, a table that is there, so that it would be seen wherever it ran.
 */

/** Ways out of where a value may stand: quoted with every kind of quote, in brackets, in a LIKE, in a cast, as a number, as a name. */
const escapes: readonly string[] = [
  ...[`'`, `')`, `'))`, `''`, `'''`, `\\'`, `\\\\'`, `"`, `")`, `\`)`, `$$`, `$1`, `$q$`, `1`, `1)`, `-1`, `0x27`],
  ...[
    `%'`,
    `%' ESCAPE '!'`,
    `_%'`,
    `x'::text`,
    `'::uuid`,
    `'::numeric`,
    `{1}'::int[]`,
    `E'\\''`,
    `U&'\\0027'`,
    `B'0'`,
    `N'x'`,
  ],
];

/** What a filter, a decoder or another alphabet may turn into a quote. */
const disguisedQuotes: readonly string[] = [
  ...[
    `%27`,
    `%2527`,
    `&#39;`,
    `&apos;`,
    `\\u0027`,
    `\\x27`,
    `\\047`,
    `+ACc-`,
    `ʼ`,
    `＇`,
    `′`,
    `‘`,
    `’`,
    `´`,
    `＂`,
    `«`,
  ],
  ...['\u00bf\u0027', '\u0000\u0027', '\u001a\u0027', '\u200b\u0027', '\ufeff\u0027', '\u0027\u0301', '\ud800\u0027'],
];

const actions = {
  stacked: `; DROP TABLE tickgate_canary; --`,
  changed: `; UPDATE tickgate_canary SET word = 'gone' --`,
  union: ` UNION SELECT word FROM tickgate_canary --`,
  unionOfMany: ` UNION ALL SELECT NULL, word, NULL::text FROM tickgate_canary --`,
  boolean: ` OR EXISTS (SELECT 1 FROM tickgate_canary) --`,
  timed: ` OR (SELECT pg_sleep(30) FROM tickgate_canary) IS NULL --`,
  cast: ` AND 1 = CAST((SELECT word FROM tickgate_canary) AS int) --`,
} as const;

const everyAction = Object.values(actions);

/** Without an end of their own: of the value alone a statement would be left open. */
const openEnds: readonly string[] = [`'`, `"`, `$$`, `/*`, `--`, `(`, `'(`, `\\`, `E'`, `;`].map(
  (end) => `tickgate_canary${end}`,
);

/** Between words, where blanks are looked for. */
const blanks = ['/**/', '/*!*/', '\t', '\n', '\r\n', '\u000b', '\u000c', '\u00a0', '+', '%20', '--\n'];

/** Whole statements and functions that reach further than a table. */
const further: readonly string[] = [
  `'; COPY tickgate_canary TO PROGRAM 'id'; --`,
  `'; COPY tickgate_canary FROM '/etc/passwd'; --`,
  `COPY tickgate_canary FROM STDIN;\nx\n\\.\n`,
  `'; NOTIFY tickgate_users, 'tickgate_canary'; --`,
  `'; GRANT ALL ON tickgate_canary TO PUBLIC; --`,
  `'; SET ROLE postgres; DROP TABLE tickgate_canary; --`,
  `'; DO $x$ BEGIN DELETE FROM tickgate_canary; END $x$; --`,
  `'; CREATE FUNCTION tickgate_canary() RETURNS int AS 'SELECT 1' LANGUAGE sql; --`,
  `'; PREPARE tickgate_canary AS SELECT 1; EXECUTE tickgate_canary; --`,
  `'; COMMIT; DROP TABLE tickgate_canary; BEGIN; --`,
  `'||(SELECT word FROM tickgate_canary)||'`,
  `'||pg_read_file('/etc/passwd')||'tickgate_canary`,
  `' AND query_to_xml('SELECT * FROM tickgate_canary', true, true, '') IS NULL --`,
  `tickgate_canary' COLLATE "C" > '`,
  `(SELECT word FROM tickgate_canary LIMIT 1)`,
  `CASE WHEN (SELECT count(*) FROM tickgate_canary) > 0 THEN 1 ELSE 1 / 0 END`,
  `created_at DESC, (SELECT word FROM tickgate_canary)`,
  `1; tickgate_canary`,
];

/** LIKE reads these in a value that is a parameter, too: they may find more, and never break anything. */
const wildcards: readonly string[] = ['%', '_', '%%', '\\', '\\%', '%\\', '[a-z]%', '(a|b)*%', '%_%_%_%'].map(
  (wildcard) => `${wildcard}tickgate_canary${wildcard}`,
);

export const sqlTexts: readonly string[] = [
  ...escapes.flatMap((escape, index) => [0, 1, 2, 3].map((step) => escape + pick(everyAction, 4 * index + step))),
  ...disguisedQuotes.flatMap((quote, index) => [quote + actions.stacked, quote + pick(everyAction, index)]),
  ...openEnds,
  ...blanks.map((blank) => `'${[``, `OR`, `tickgate_canary`, `IS`, `NOT`, `NULL`, `--`].join(blank)}`),
  ...further,
  ...wildcards,
].filter((text, index, all) => all.indexOf(text) === index);

function pick(texts: readonly string[], index: number): string {
  return texts[index % texts.length] ?? '';
}
