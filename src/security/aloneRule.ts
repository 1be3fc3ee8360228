import {
  Kind,
  OperationTypeNode,
  type ASTVisitor,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';
import { refusal } from '../errors/refusal';
import type { PermissionTable } from './permissions';

/**
 * Of the fields that the permission table says stand alone, an operation has one at most, however they are named and in whichever fragment
 * they stand: where several traded, the answer to one could not be acted upon before the next; where several signed in, one request would
 * be many guesses. What is skipped by a directive counts as well.
 */
export function aloneRule(table: PermissionTable): ValidationRule {
  return (context: ValidationContext): ASTVisitor => {
    const rows = table.roots[context.getSchema().getMutationType()?.name ?? ''] ?? {};

    const collect = (selectionSet: SelectionSetNode, found: Set<string>, seen: Set<string>): void => {
      for (const selection of selectionSet.selections) {
        if (selection.kind === Kind.FIELD) {
          // Fields of one name are one field, which runs once.
          if (rows[selection.name.value]?.alone === true) found.add((selection.alias ?? selection.name).value);
        } else if (selection.kind === Kind.INLINE_FRAGMENT) {
          collect(selection.selectionSet, found, seen);
        } else if (!seen.has(selection.name.value)) {
          seen.add(selection.name.value);
          const fragment = context.getFragment(selection.name.value);
          if (fragment != null) collect(fragment.selectionSet, found, seen);
        }
      }
    };

    return {
      OperationDefinition({ operation, selectionSet }) {
        if (operation !== OperationTypeNode.MUTATION) return;
        const found = new Set<string>();
        collect(selectionSet, found, new Set());
        if (found.size <= 1) return;
        const names = Object.keys(rows).filter((name) => rows[name]?.alone === true);
        context.reportError(
          refusal('BATCH_REFUSED', `An operation has one of these at most: ${names.join(', ')}. Send one a request.`),
        );
      },
    };
  };
}
