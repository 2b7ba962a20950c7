const letters = 'ABCDEFGHJKLMNOPQRSTWXYZ';
/** The first character of each letter in the order of pinyin, which the browser's own collation knows. */
const firsts = [...'阿八嚓哒妸发旮哈讥咔垃妈拏噢妑七呥扨它穵夕丫帀'];
const order = new Intl.Collator('zh-Hans-CN-u-co-pinyin');

/** 水管漏水 → sgls. A character of several readings counts by its most common one; what is no Han character stays as it is. */
export const initials = (text: string): string => [...text].map((c) => (/\p{Script=Han}/u.test(c) ? (letters[firsts.findLastIndex((f) => order.compare(f, c) <= 0)] ?? c) : c)).join('').toLowerCase();
