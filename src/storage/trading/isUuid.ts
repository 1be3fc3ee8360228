const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** True of what PostgreSQL takes for an id; anything else it refuses with an error, and nothing has it for its id. */
export function isUuid(text: string): boolean {
  return uuid.test(text);
}
