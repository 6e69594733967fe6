package casefile

// Name implements Command.
func (Open) Name() Name { return NameOpen }

// Name implements Command.
func (Fence) Name() Name { return NameFence }

// Name implements Command.
func (TakeOver) Name() Name { return NameTakeOver }

// Name implements Command.
func (Update) Name() Name { return NameUpdate }

// Name implements Command.
func (Assign) Name() Name { return NameAssign }

// Name implements Command.
func (Reassign) Name() Name { return NameReassign }

// Name implements Command.
func (Unassign) Name() Name { return NameUnassign }

// Name implements Command.
func (RecordDocumentationRead) Name() Name { return NameDocumentationRead }

// Name implements Command.
func (AgreeJointVisit) Name() Name { return NameAgreeVisit }

// Name implements Command.
func (RecordJointVisit) Name() Name { return NameJointVisit }

// Name implements Command.
func (RecordConsent) Name() Name { return NameConsent }

// Name implements Command.
func (UpdateMembers) Name() Name { return NameMembers }

// Name implements Command.
func (RecordExpectations) Name() Name { return NameExpectations }

// Name implements Command.
func (SetBlueCard) Name() Name { return NameBlueCard }

// Name implements Command.
func (AddOrder) Name() Name { return NameAddOrder }

// Name implements Command.
func (EndOrder) Name() Name { return NameEndOrder }

// Name implements Command.
func (LockOut) Name() Name { return NameLockOut }

// Name implements Command.
func (LiftLockOut) Name() Name { return NameLiftLockOut }

// Name implements Command.
func (ProposeDecision) Name() Name { return NameProposeDecision }

// Name implements Command.
func (ConfirmDecision) Name() Name { return NameConfirmDecision }

// Name implements Command.
func (ProposeClosure) Name() Name { return NameProposeClosure }

// Name implements Command.
func (Close) Name() Name { return NameClose }

// Name implements Command.
func (RecordMonitoring) Name() Name { return NameMonitoring }

// Name implements Command.
func (EndMonitoring) Name() Name { return NameEndMonitoring }

// Name implements Command.
func (Reopen) Name() Name { return NameReopen }

// Name implements Command.
func (SetDifficulty) Name() Name { return NameDifficulty }

// Name implements Command.
func (CorrectDay0) Name() Name { return NameCorrectDay0 }

// Name implements Command.
func (CorrectConsent) Name() Name { return NameCorrectConsent }

// Name implements Command.
func (CorrectAssignment) Name() Name { return NameCorrectAssignment }
