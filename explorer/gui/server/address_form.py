"""Where a server is, in fields; an address pasted into the first fills them all."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from explorer.errors import BadParameter
from explorer.gui.widgets.pieces import button, label, spaced
from explorer.servers.address import PORT, Address, address_of, is_server, named, shown

NARROW = 88
LABELS, GAP = 72, 12
FIELDS = LABELS + GAP
"""Where the fields begin."""
MOST_DATABASES = 9999


class AddressForm(QWidget):
    """`address()` is what the fields say; the password is in no other widget and no other text."""

    submitted = Signal()
    refused = Signal(str)
    """What was pasted is no address: why, in a sentence."""

    def __init__(self) -> None:
        super().__init__()
        self.host = _field("Host", "localhost, or paste a redis:// address")
        self.port = _number("Port", PORT, 1, 65535)
        self.user = _field("User", "the default user")
        self.database = _number("Database", 0, 0, MOST_DATABASES)
        self.password = _field("Password", "none, or the one that is known already")
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.keep = QCheckBox("keep in the keyring")
        self.keep.setToolTip("Keep the password in this system's keyring once the server has accepted it")
        self.tls = QCheckBox("Connect by TLS")
        self.ca = _field("Certificate of the authority", "those that this system trusts")
        self._ca_label = label("Authority")
        self._choose = button("Choose …", self._choose_ca, tip="Choose the certificate of the server's authority")
        self._length = 0
        self._lay_out()
        self.tls.toggled.connect(self._show_tls)
        self.host.textEdited.connect(self._edited)
        self.host.editingFinished.connect(self._spread)
        for field in (self.host, self.user, self.password, self.ca):
            field.returnPressed.connect(self._submit)
        for number in (self.port, self.database):
            number.lineEdit().returnPressed.connect(self._submit)
        self._show_tls(False)

    def address(self) -> Address:
        """What the fields say. Raises BadParameter, in a sentence, for what is no address."""
        ca = self.ca.text().strip() if self.tls.isChecked() else ""
        host = self.host.text().strip() or "localhost"
        said = Address(
            host=host.removeprefix("[").removesuffix("]"),
            port=self.port.value(),
            tls=self.tls.isChecked(),
            ca=Path(ca).expanduser() if ca else None,
            user=self.user.text().strip(),
            database=self.database.value(),
        )
        return address_of(said.url)

    def show_address(self, address: Address) -> None:
        """Fill the fields; the password field is emptied."""
        self.host.setText(address.host)
        self.port.setValue(address.port)
        self.tls.setChecked(address.tls)
        self.ca.setText(str(address.ca) if address.ca else "")
        self.user.setText(address.user)
        self.database.setValue(address.database)
        self.password.clear()
        self._length = len(self.host.text())

    def offer_keyring(self, there: bool) -> None:
        """Whether there is a keyring to keep the password in."""
        self.keep.setVisible(there)

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(8)
        grid.setColumnMinimumWidth(0, LABELS)
        grid.setColumnStretch(1, 1)
        for row, (text, field, other, beside) in enumerate(
            (
                ("Host", self.host, "Port", self.port),
                ("User", self.user, "Database", self.database),
                ("Password", self.password, "", self.keep),
            )
        ):
            grid.addWidget(_named(text, field), row, 0)
            grid.addWidget(field, row, 1)
            if other:
                grid.addWidget(_named(other, beside), row, 2)
                grid.addWidget(beside, row, 3)
            else:
                grid.addWidget(beside, row, 2, 1, 2)
        grid.addWidget(self.tls, 3, 1)
        self._ca_label.setBuddy(self.ca)
        grid.addWidget(self._ca_label, 4, 0)
        certificate = QHBoxLayout()
        certificate.setSpacing(8)
        certificate.addWidget(self.ca, 1)
        certificate.addWidget(self._choose)
        grid.addLayout(certificate, 4, 1, 1, 3)
        order = (self.host, self.port, self.user, self.database, self.password, self.keep, self.tls, self.ca)
        for one, next_one in zip(order, (*order[1:], self._choose), strict=True):
            self.setTabOrder(one, next_one)

    def _show_tls(self, on: bool) -> None:
        for widget in (self._ca_label, self.ca, self._choose):
            widget.setEnabled(on)

    def _choose_ca(self) -> None:
        kinds = "Certificates (*.pem *.crt *.cer);;All files (*)"
        path, _ = QFileDialog.getOpenFileName(self, "Certificate of the server's authority", "", kinds)
        if path:
            self.ca.setText(path)

    def _edited(self, text: str) -> None:
        """More letters than one at once were pasted: a password among them must not stand here."""
        pasted, self._length = len(text) - self._length > 1, len(text)
        if pasted:
            self._spread()

    def _spread(self) -> None:
        """Let an address in the first field fill them all."""
        url = self.host.text().strip()
        if not is_server(url):
            return
        try:
            meant = named(url)
        except BadParameter as error:
            # It is said what is wrong; a password that is in it is not left to be read.
            self.host.setText(shown(url))
            self.refused.emit(str(error))
            return
        self.show_address(meant.address)
        self.password.setText(meant.password)

    def _submit(self) -> None:
        self._spread()
        if not is_server(self.host.text().strip()):
            self.submitted.emit()


def _field(name: str, placeholder: str) -> QLineEdit:
    field = QLineEdit(placeholderText=placeholder)
    field.setAccessibleName(name)
    return field


def _number(name: str, value: int, least: int, most: int) -> QSpinBox:
    number = QSpinBox()
    spaced(number)
    number.setRange(least, most)
    number.setValue(value)
    number.setFixedWidth(NARROW)
    number.setAccessibleName(name)
    return number


def _named(text: str, field: QWidget) -> QWidget:
    words = label(text)
    words.setBuddy(field)
    return words
