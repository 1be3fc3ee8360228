/**
 * What the official image's entrypoint does with envsubst: `${NAME}` is replaced where there is a variable NAME, and everything else,
 * nginx's own variables too, stays. Throws where one is missing: nginx would take it for a variable of its own.
 */
export function renderTemplate(template: string, variables: Readonly<Record<string, string>>): string {
  const names = new Set<string>();
  const text = template.replace(/\$\{([A-Z][A-Z0-9_]*)\}/g, (whole, name: string) => {
    if (Object.hasOwn(variables, name)) return variables[name] ?? '';
    names.add(name);
    return whole;
  });
  if (names.size > 0) throw new Error(`The template needs ${[...names].join(', ')}.`);
  return text;
}
