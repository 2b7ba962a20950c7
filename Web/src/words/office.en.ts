import type { officeWords as chinese } from './office.zh-CN';

type Words<T> = { [K in keyof T]: T[K] extends string ? string : Words<T[K]> };

export const officeWords: Words<typeof chinese> = {
  person: {
    register: 'Register as a customer', registerHint: 'This caller is not known yet.', registered: '{{name}} is registered', facts: 'What is known', change: 'Change', contacts: 'How to reach them', addContact: 'Add a way to reach them', removeContact: 'Remove', removeSure: 'Remove {{value}}? Nobody will use it for this customer any more.',
    kind: 'Kind', value: 'Number or address', label: 'Label, such as “work”', noContacts: 'No way to reach them yet. Without a number nobody can call back: add one.', homes: 'Homes', addHome: 'Add a home', noHomes: 'No home yet. With one, its code finds this customer.',
    fromOn: 'From', toOn: 'Until', today: 'Today where left empty', endHome: 'Moved out', endsHere: '{{name}} moves out of {{place}}', past: 'Lived here before', asking: 'Feedback', asked: 'Is asked how it went', notAsked: 'Does not want to be asked', askNoMore: 'Ask no more', askAgain: 'Ask again', removeLine: 'Remove this line', nameOfHome: 'Code or name of the place',
  },
  paid: {
    quote: 'Quote', quoteAgain: 'Quote again', consent: 'Owner agrees', refusal: 'Owner says no', setFinalAmount: 'Final amount', chooseReworkCause: 'Cause of the rework', rework: 'Rework', reworkCause: 'Cause of the rework', noCause: 'Not judged yet',
    noQuote: 'The owner pays for this work: it is completed after a quote, and the owner’s yes to its amount.', replaces: 'A new quote withdraws the one before it, and the owner’s yes to that one.', lines: 'What it costs', what: 'Item', addLine: 'Add a line', total: 'Total',
    whoSaid: 'Who said so', upTo: 'Amount agreed to', atMost: 'At most {{amount}}', afterRefusal: 'After that another quote can be made, or the order voided.',
  },
  boards: {
    passedOn: 'Passed on {{count}}×', notAccepted: 'Not accepted in time', returned: 'Returned', returnedBy: 'Returned by {{name}}', until: 'On hold until', limit: 'Limit', limitPassed: 'Past its limit', noLimit: 'No limit', agreed: 'A manager agreed', managerDecides: 'A manager decides whether it may stay longer', agreeMeans: 'Past it the clocks go on. If you agree, they stand still until the work goes on.', nobody: 'Nobody in charge yet',
  },
  files: {
    remove: 'Remove', removeOne: 'Remove {{name}}', sure: 'Remove {{name}}? Its content is deleted for good; the timeline keeps that it was removed.', appointmentOffSure: 'Take this appointment back? Another one can be made later.', standsHere: 'Stands here', elsewhere: 'Elsewhere',
    codes: 'QR codes', codesHint: 'Print them and put them on the thing or the wall: owners report by scanning, without a number to look for.', print: 'Print', ofCommunity: 'The whole community', noCodes: 'This community has no assets on record yet; its own code serves as well.', scan: 'Scan to report', addAsset: 'Add an asset', assetKind: 'Kind, such as “lift”', assetCode: 'Code', assetName: 'Name', assetAt: 'Where it stands',
  },
  sheet: { period: 'Period', printed: 'printed {{time}}', most: 'At most {{count}} on paper; the file has all', cause: 'Cause', acknowledgedAt: 'Acknowledged at', resolvedBy: 'Resolved by', resolvedWords: 'What was done' },
  week: {
    before: 'The week before', after: 'The week after', now: 'This week', pick: 'Choose a week', copy: 'Copy last week', copySure: 'Plan in this week what was planned in the week before? Shifts: {{count}}. What is planned already is not planned twice.', nothing: 'There is nothing to copy from the week before.', copied: 'Shifts planned: {{count}}',
    signedIn: 'Signed in: {{count}}', endAll: 'Sign out everywhere', endAllSure: 'Sign {{name}} out on every device? For a lost telephone; they sign in again as ever.',
  },
  forGood: {
    noRequest: 'No request? The message leaves this list and can no longer be registered.', ownWords: 'Back to the words shipped? What this community wrote is deleted and does not come back.',
    endEvent: 'End “{{name}}” now? What begins from now on is given no more time; what began before keeps what it was given. It cannot be begun again.',
    callOff: 'Call off “{{name}}”? It will not begin, and what it had given more time loses it again. It does not come back.',
  },
};
