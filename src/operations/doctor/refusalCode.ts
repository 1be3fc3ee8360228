/** Of a GraphQL error that comes without data; null where it is none. */
export function refusalCode(text: string): string | null {
  try {
    const { data, errors } = JSON.parse(text) as {
      readonly data?: object | null;
      readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[];
    };
    return data === undefined || data === null ? (errors?.[0]?.extensions?.code ?? null) : null;
  } catch {
    return null;
  }
}
