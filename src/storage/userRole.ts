/** Every role a user can hold; they add up. The database refuses any other. */
export const userRoles = ['VIEWER', 'ANALYST', 'TRADER', 'AUDITOR', 'ADMIN'] as const;
export type UserRole = (typeof userRoles)[number];
