// A question in front of everything else. Escape and a press outside close it; the focus returns to where it was.
import type { ReactNode } from "react";
import { Dialog as Panel, Heading, Modal, ModalOverlay } from "react-aria-components";

interface Properties {
  title: string;
  open: boolean;
  close: () => void;
  children: ReactNode;
}

export function Dialog({ title, open, close, children }: Properties): ReactNode {
  return (
    <ModalOverlay isOpen={open} onOpenChange={(opened) => !opened && close()} isDismissable className="veil">
      <Modal className="dialog">
        <Panel>
          <Heading slot="title">{title}</Heading>
          {children}
        </Panel>
      </Modal>
    </ModalOverlay>
  );
}
