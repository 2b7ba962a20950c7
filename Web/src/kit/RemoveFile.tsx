import { Button, Form, Input } from 'antd';
import { useState } from 'react';
import { api, told } from '../api/client';
import type { AttachmentLine } from '../api/client';
import { screensOf, useSession } from '../api/session';
import { useWords } from '../words/words';
import { MoveDialog } from './Form';

/** A file that must not be here goes for good, with a reason: by the desk, or by who sent it. */
export function RemoveFile({ file, removed }: { file: AttachmentLine; removed: () => void }) {
  const { t } = useWords();
  const session = useSession();
  const [open, setOpen] = useState(false);
  if (!session.data || !(screensOf(session.data).desk || file.uploadedBy === session.data.staffId)) return null;
  return (
    <>
      <Button size="small" type="link" danger onClick={() => setOpen(true)} aria-label={t('files.removeOne', { name: file.fileName })} data-act="remove-file">{t('files.remove')}</Button>
      <MoveDialog<{ reason: string }, unknown>
        keep={`file ${file.attachmentId} remove`} title={t('files.remove')} danger open={open} onClose={() => setOpen(false)} done={removed}
        call={(v, header) => told(api.POST('/api/attachments/{attachmentId}/removal', { params: { path: { attachmentId: file.attachmentId }, header }, body: { reason: v.reason.trim() } }))}
      >
        <p>{t('files.sure', { name: file.fileName })}</p>
        <Form.Item name="reason" label={t('common.reason')} rules={[{ required: true, whitespace: true, message: t('common.required') }]}><Input.TextArea autoSize={{ minRows: 2, maxRows: 6 }} maxLength={500} /></Form.Item>
      </MoveDialog>
    </>
  );
}
