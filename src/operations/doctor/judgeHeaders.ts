import { failed, passed, type Finding } from './finding';
import { faultOfHeader } from './headerValues';
import type { OutsideView } from './outsideView';
import type { SecurityFacts } from './securityFacts';

/** Each header of every answer is to be there once, and to say what protects. */
export function judgeHeaders(view: OutsideView, facts: Pick<SecurityFacts, 'headers'>): Finding {
  const names = Object.keys(facts.headers);
  const refusal = view.limit?.refusal ?? null;
  const seen = [
    { what: 'an answer', headers: view.headers, wanted: names },
    ...(refusal === null
      ? []
      : [{ what: `a refusal (${refusal.status})`, headers: refusal.headers, wanted: names.filter(isOfTheGuides) }]),
  ];
  const wrong = seen.flatMap(({ what, headers, wanted }) => {
    const missed = wanted.filter((name) => headers[name]?.length !== 1);
    const counted = missed.length > 0 ? [`not exactly once in ${what} of ${view.url}: ${missed.join(', ')}`] : [];
    const faulty = wanted.flatMap((name) =>
      (headers[name] ?? []).flatMap((value) => {
        const fault = faultOfHeader(name, value);
        return fault === null ? [] : [`${name} in ${what} of ${view.url} is "${value}": ${fault}`];
      }),
    );
    return [...counted, ...faulty];
  });
  if (wrong.length > 0) return failed(`${wrong.join('; ')}; see nginx/headers.conf`);
  if (refusal === null)
    return failed(`nobody saw a refusal of ${view.url}, and whether it has them: have the edge refuse first (B72)`);
  return passed(`each once in ${seen.map(({ what }) => what).join(' and ')} of ${view.url}: ${names.join(', ')}`);
}

/** Those that the checklists name; nginx says them where the server says nothing. */
function isOfTheGuides(name: string): boolean {
  return (
    /^(strict-transport-security|content-security-policy|referrer-policy)$/.test(name) ||
    /^x-(frame-options|content-type-options|xss-protection)$/.test(name)
  );
}
