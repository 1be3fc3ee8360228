/** What may die in the middle of what it does: with every word that it says, and with every word that it hears. */
export interface Mortal {
  readonly isDead: boolean;
  /** One word more: it may be the last. */
  step(): void;
}

/** What the dead wait for. */
export const never = new Promise<never>(() => undefined);

/** Whether that was the last word, or there was one before. */
export function hasDied(mortal: Mortal): boolean {
  if (!mortal.isDead) mortal.step();
  return mortal.isDead;
}
