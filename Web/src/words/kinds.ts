/** The kinds of requests in both languages: whoever types a category may name its kind in either. */
export const kindsZh = { repair: '报修', complaint: '投诉', inquiry: '咨询', suggestion: '建议', praise: '表扬' };
export const kindsEn = { repair: 'Repair', complaint: 'Complaint', inquiry: 'Inquiry', suggestion: 'Suggestion', praise: 'Praise' };
