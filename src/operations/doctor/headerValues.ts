/** Less than this, half a year, protects hardly anybody who comes again. */
const minHstsSeconds = 15_552_000;

/** Of headers whose value decides whether they protect: what is wrong with it, in words; null where nothing is. */
const faults: Readonly<Record<string, (value: string) => string | null>> = {
  'strict-transport-security': (value) =>
    hstsSeconds(value) < minHstsSeconds ? `less than half a year (max-age=${minHstsSeconds})` : null,
  'content-security-policy': (value) =>
    letsScriptsIn(value) ? "lets scripts of anywhere in; an API needs none: default-src 'none'" : null,
  'x-frame-options': (value) => (/^(deny|sameorigin)$/i.test(value) ? null : 'neither DENY nor SAMEORIGIN'),
  'x-content-type-options': (value) => (/^nosniff$/i.test(value) ? null : 'not nosniff'),
};

export function faultOfHeader(name: string, value: string): string | null {
  return faults[name]?.(value) ?? null;
}

/** 0 where nothing is promised. */
export function hstsSeconds(value: string): number {
  return Number(/max-age=(\d+)/.exec(value)?.[1] ?? 0);
}

/** As browsers read it: of directives of one name the first, and default-src where there is none of a name. */
function letsScriptsIn(policy: string): boolean {
  const directives = new Map<string, readonly string[]>();
  for (const directive of policy.toLowerCase().split(';')) {
    const [name = '', ...sources] = directive.trim().split(/\s+/);
    if (!directives.has(name)) directives.set(name, sources);
  }
  const scripts = directives.get('script-src') ?? directives.get('default-src');
  const used = [scripts, ...['script-src-elem', 'script-src-attr'].map((name) => directives.get(name) ?? scripts)];
  return used.some((sources) => sources === undefined || sources.some(isAnywhere));
}

/** A star, a whole scheme (also "https://*:443"), and what lets a page's own text run. */
function isAnywhere(source: string): boolean {
  return /^'unsafe-(inline|eval|hashes)'$|^[a-z][a-z\d+.-]*:$|^([a-z][a-z\d+.-]*:\/\/)?\*(:(\d+|\*))?$/.test(source);
}
