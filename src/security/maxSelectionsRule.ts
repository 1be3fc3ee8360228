import {
  Kind,
  type ASTVisitor,
  type FragmentDefinitionNode,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';
import { refusal } from '../errors/refusal';

/**
 * Bounds how many fields a document selects once every fragment is written out. A chain of fragments that each spread
 * the next one twice doubles at every link: forty links are 480 tokens and a million million fields. Each fragment is
 * counted once, so that deciding takes a time that grows with the text alone; a circle of fragments counts as nothing
 * here and is refused by GraphQL's own rule.
 */
export function maxSelectionsRule(limit: number): ValidationRule {
  return (context: ValidationContext): ASTVisitor => {
    const counts = new Map<string, number>();

    const countSelections = (selectionSet: SelectionSetNode | undefined): number => {
      let count = 0;
      for (const selection of selectionSet?.selections ?? []) {
        if (selection.kind === Kind.FRAGMENT_SPREAD) count += countFragment(context.getFragment(selection.name.value));
        else count += 1 + countSelections(selection.selectionSet);
        // Beyond the limit the exact number is of no interest, and it could grow past what a number holds.
        if (count > limit) return limit + 1;
      }
      return count;
    };

    const countFragment = (fragment: FragmentDefinitionNode | null | undefined): number => {
      if (fragment == null) return 0;
      const name = fragment.name.value;
      const known = counts.get(name);
      if (known !== undefined) return known;
      counts.set(name, 0);
      const count = countSelections(fragment.selectionSet);
      counts.set(name, count);
      return count;
    };

    return {
      OperationDefinition(operation) {
        if (countSelections(operation.selectionSet) <= limit) return;
        context.reportError(
          refusal('QUERY_TOO_COSTLY', `The document selects more than ${limit} fields, fragments included.`),
        );
      },
    };
  };
}
