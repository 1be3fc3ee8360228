import type { PermissionCell } from '../security/permissionMatrix';

/** One root type: a line a field, a column a subject. */
export interface PermissionTable {
  readonly type: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The cells as people read them: a table a root type, in the order of the cells. */
export function tabulate(cells: readonly PermissionCell[]): readonly PermissionTable[] {
  return [...groupBy(cells, ({ type }) => type)].map(([type, ofType]) => {
    const subjects = new Set(ofType.map(({ subject }) => subject.replace(/^KEY_/, 'key: ')));
    return {
      type,
      header: ['field', ...subjects, 'cost', 'rate', 'who'],
      rows: [...groupBy(ofType, ({ field }) => field)].map(([field, ofField]) => toLine(field, ofField)),
    };
  });
}

/** The tables as text, in columns. */
export function printPermissions(cells: readonly PermissionCell[]): string {
  return tabulate(cells)
    .map(({ type, header, rows }) => {
      const lines = [header, ...rows];
      const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
      const text = lines.map((line) => line.map((word, column) => word.padEnd(widths[column] ?? 0)).join('  '));
      return [type, ...text.map((line) => `  ${line.trimEnd()}`), ''].join('\n');
    })
    .join('\n');
}

function toLine(field: string, ofField: readonly [PermissionCell, ...PermissionCell[]]): readonly string[] {
  const [{ cost, times, rateLimit, rule }] = ofField;
  return [field, ...ofField.map(markOf), times === null ? `${cost}` : `${cost} × ${times}`, rateLimit ?? 'none', rule];
}

function markOf({ reach }: PermissionCell): string {
  switch (reach) {
    case 'yes':
      return '✓';
    case 'own':
      return 'own';
    case 'granted':
      return 'own, granted';
    case null:
      return '–';
  }
}

function groupBy<Item>(items: readonly Item[], nameOf: (item: Item) => string): Map<string, [Item, ...Item[]]> {
  const groups = new Map<string, [Item, ...Item[]]>();
  for (const item of items) {
    const group = groups.get(nameOf(item));
    if (group === undefined) groups.set(nameOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
