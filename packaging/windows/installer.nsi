; The per-user installer of Windows: no administrator, start menu, file types, uninstaller; /S installs silently.
;   makensis -DVERSION=0.1.0 -DFOLDER=..\..\dist\ann-explorer packaging\windows\installer.nsi
Unicode true
SetCompressor /SOLID lzma
!include "MUI2.nsh"
!include "FileFunc.nsh"

!ifndef VERSION
  !error "makensis -DVERSION=… -DFOLDER=…"
!endif
!define NAME "ANN Explorer"
!define KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\ann-explorer"
!define CLASSES "Software\Classes"

Name "${NAME}"
OutFile "ann-explorer-${VERSION}-windows-x86_64.exe"
InstallDir "$LOCALAPPDATA\Programs\ann-explorer"
InstallDirRegKey HKCU "${KEY}" "InstallLocation"
RequestExecutionLevel user
VIProductVersion "${VERSION}.0"
VIAddVersionKey "ProductName" "${NAME}"
VIAddVersionKey "FileDescription" "${NAME} installer"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "LegalCopyright" "MIT licence"

!define MUI_ABORTWARNING
!insertmacro MUI_PAGE_LICENSE "..\..\LICENSE"
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!define MUI_FINISHPAGE_RUN "$INSTDIR\ann-explorer.exe"
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

; Offers the program for a suffix beside what opens it now; the choice stays the user's.
!macro FileType SUFFIX
  WriteRegStr HKCU "${CLASSES}\${SUFFIX}\OpenWithProgids" "ann-explorer.vectors" ""
!macroend
!macro NoFileType SUFFIX
  DeleteRegValue HKCU "${CLASSES}\${SUFFIX}\OpenWithProgids" "ann-explorer.vectors"
!macroend
!macro AllTypes ACTION
  !insertmacro ${ACTION} ".npy"
  !insertmacro ${ACTION} ".npz"
  !insertmacro ${ACTION} ".fvecs"
  !insertmacro ${ACTION} ".bvecs"
  !insertmacro ${ACTION} ".fbin"
  !insertmacro ${ACTION} ".u8bin"
  !insertmacro ${ACTION} ".i8bin"
  !insertmacro ${ACTION} ".parquet"
  !insertmacro ${ACTION} ".feather"
  !insertmacro ${ACTION} ".safetensors"
  !insertmacro ${ACTION} ".hdf5"
  !insertmacro ${ACTION} ".h5ad"
  !insertmacro ${ACTION} ".ann"
  !insertmacro ${ACTION} ".faiss"
!macroend

Section "Install"
  ; An older version goes first: files that it alone had would stay.
  IfFileExists "$INSTDIR\ann-explorer.exe" 0 +2
    RMDir /r "$INSTDIR\_internal"
  SetOutPath "$INSTDIR"
  File /r "${FOLDER}\*"
  CreateDirectory "$SMPROGRAMS"
  CreateShortcut "$SMPROGRAMS\${NAME}.lnk" "$INSTDIR\ann-explorer.exe"
  WriteRegStr HKCU "${CLASSES}\ann-explorer.vectors" "" "Vectors"
  WriteRegStr HKCU "${CLASSES}\ann-explorer.vectors\DefaultIcon" "" "$INSTDIR\ann-explorer.exe,0"
  WriteRegStr HKCU "${CLASSES}\ann-explorer.vectors\shell\open\command" "" '"$INSTDIR\ann-explorer.exe" open "%1"'
  !insertmacro AllTypes FileType
  WriteRegStr HKCU "${KEY}" "DisplayName" "${NAME}"
  WriteRegStr HKCU "${KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${KEY}" "DisplayIcon" "$INSTDIR\ann-explorer.exe"
  WriteRegStr HKCU "${KEY}" "Publisher" "The ANN Explorer developers"
  WriteRegStr HKCU "${KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${KEY}" "NoModify" 1
  WriteRegDWORD HKCU "${KEY}" "NoRepair" 1
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  IntFmt $0 "0x%08X" $0
  WriteRegDWORD HKCU "${KEY}" "EstimatedSize" "$0"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  System::Call 'shell32::SHChangeNotify(i 0x08000000, i 0, i 0, i 0)'
SectionEnd

Section "Uninstall"
  !insertmacro AllTypes NoFileType
  DeleteRegKey HKCU "${CLASSES}\ann-explorer.vectors"
  DeleteRegKey HKCU "${KEY}"
  Delete "$SMPROGRAMS\${NAME}.lnk"
  ; Only what was installed: who chose a folder of other things keeps them.
  RMDir /r "$INSTDIR\_internal"
  RMDir /r "$INSTDIR\licences"
  Delete "$INSTDIR\ann-explorer.exe"
  Delete "$INSTDIR\explorer.exe"
  Delete "$INSTDIR\LICENSE"
  Delete "$INSTDIR\CHANGELOG.md"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  System::Call 'shell32::SHChangeNotify(i 0x08000000, i 0, i 0, i 0)'
SectionEnd
